namespace Fts.Accounts;

/// <summary>
/// The permissions of an account on files. The letters in parentheses are those of <see cref="PermissionLetters"/>, which users write.
/// </summary>
/// <remarks>The letters of the MLSx <c>perm</c> fact differ from these letters (RFC 3659 §7.5.5).</remarks>
[Flags]
public enum Permissions
{
    /// <summary>No permission (-).</summary>
    None = 0,
    /// <summary>List directories and read metadata (l).</summary>
    List = 1,
    /// <summary>Read files (r).</summary>
    Read = 2,
    /// <summary>Create files (c).</summary>
    Create = 4,
    /// <summary>Replace existing files, and change their content before the end (w).</summary>
    Overwrite = 8,
    /// <summary>Delete files and directories (d).</summary>
    Delete = 16,
    /// <summary>Rename files and directories (n).</summary>
    Rename = 32,
    /// <summary>Create directories (m).</summary>
    CreateDirectory = 64,
    /// <summary>Set last-modified times and permission bits (t).</summary>
    SetMetadata = 128,
    /// <summary>Append to existing files (a).</summary>
    Append = 256,
    /// <summary><see cref="List"/> and <see cref="Read"/>.</summary>
    ReadOnly = List | Read,
    /// <summary>All permissions (*).</summary>
    ReadWrite = ReadOnly | Create | Overwrite | Append | Delete | Rename | CreateDirectory | SetMetadata,
}
