namespace Fts.Accounts.Gate;

/// <summary>One use of one path. Every command is a sequence of such uses, and each use needs one permission.</summary>
public enum FileAction
{
    /// <summary>Changes into a directory. Needs any permission on the directory or on a path below it.</summary>
    Enter,
    /// <summary>Lists a directory, or reads the metadata of a file or directory. Needs <see cref="Permissions.List"/>.</summary>
    List,
    /// <summary>Reads the content of a file, or a hash of it. Needs <see cref="Permissions.Read"/>.</summary>
    Read,
    /// <summary>Creates a file or a link. Needs <see cref="Permissions.Create"/>.</summary>
    Create,
    /// <summary>Replaces a file, or changes bytes before its end. Needs <see cref="Permissions.Overwrite"/>.</summary>
    Overwrite,
    /// <summary>Appends to an existing file. Needs <see cref="Permissions.Append"/>.</summary>
    Append,
    /// <summary>Creates a directory. Needs <see cref="Permissions.CreateDirectory"/>.</summary>
    CreateDirectory,
    /// <summary>Deletes a file or an empty directory. Needs <see cref="Permissions.Delete"/>.</summary>
    Delete,
    /// <summary>
    /// Deletes a directory and its contents. Needs <see cref="Permissions.Delete"/> on the directory and on all paths below it.
    /// </summary>
    DeleteTree,
    /// <summary>Renames an entry. Needs <see cref="Permissions.Rename"/> on the old path and on all paths below it.</summary>
    Rename,
    /// <summary>Gives an entry a new path. Needs <see cref="Permissions.Create"/> on that path and on all paths below it.</summary>
    RenameTo,
    /// <summary>
    /// Replaces an entry by a renamed one. Needs <see cref="Permissions.Overwrite"/> on the path and on all paths below it.
    /// </summary>
    RenameOver,
    /// <summary>Sets last-modified times or permission bits. Needs <see cref="Permissions.SetMetadata"/>.</summary>
    SetMetadata,
    /// <summary>
    /// Reads the length of a file. Needs <see cref="Permissions.List"/> or <see cref="Permissions.Read"/>, which reveals the length, too.
    /// </summary>
    GetSize,
    /// <summary>Makes a link point to an entry. Needs <see cref="Permissions.Read"/> on the entry and on all paths below it.</summary>
    LinkTo,
}
