namespace Fts.Accounts;

/// <summary>
/// The permissions of an account on files. The letters in parentheses are those of the MLSx <c>perm</c> fact (RFC 3659 §7.5.5).
/// </summary>
[Flags]
public enum Permissions
{
    /// <summary>No permission.</summary>
    None = 0,
    /// <summary>List directories and read metadata (l, e).</summary>
    List = 1,
    /// <summary>Read files (r).</summary>
    Read = 2,
    /// <summary>Create files (c).</summary>
    Create = 4,
    /// <summary>
    /// Replace, change and append to existing files (w, a). An upload to an existing file also requires <see cref="Create"/>.
    /// </summary>
    Overwrite = 8,
    /// <summary>Delete files and directories (d, p).</summary>
    Delete = 16,
    /// <summary>Rename files and directories (f).</summary>
    Rename = 32,
    /// <summary>Create directories (m).</summary>
    CreateDirectory = 64,
    /// <summary>Set last-modified times and permission bits.</summary>
    SetMetadata = 128,
    /// <summary><see cref="List"/> and <see cref="Read"/>.</summary>
    ReadOnly = List | Read,
    /// <summary>All permissions.</summary>
    ReadWrite = ReadOnly | Create | Overwrite | Delete | Rename | CreateDirectory | SetMetadata,
}
