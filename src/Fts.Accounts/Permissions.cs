namespace Fts.Accounts;

/// <summary>What an account may do with files. The letters in parentheses are those of the MLSx <c>perm</c> fact (RFC 3659 §7.5.5).</summary>
[Flags]
public enum Permissions
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>See names, sizes and times (l, e).</summary>
    List = 1,
    /// <summary>Read files (r).</summary>
    Read = 2,
    /// <summary>Make new files (c).</summary>
    Create = 4,
    /// <summary>Replace, change and append to files that are there (w, a).</summary>
    Overwrite = 8,
    /// <summary>Remove files and folders (d, p).</summary>
    Delete = 16,
    /// <summary>Rename files and folders (f).</summary>
    Rename = 32,
    /// <summary>Make folders (m).</summary>
    CreateDirectory = 64,
    /// <summary>Set times and permission bits.</summary>
    SetMetadata = 128,
    /// <summary>See and read.</summary>
    ReadOnly = List | Read,
    /// <summary>Everything.</summary>
    ReadWrite = ReadOnly | Create | Overwrite | Delete | Rename | CreateDirectory | SetMetadata,
}
