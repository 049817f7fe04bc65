using System.Security.Cryptography;

namespace Fts.Storage;

/// <summary>
/// Checks of paths and values that need no access to a store. The local store and the memory store use them, and so refuse the same paths
/// and values.
/// </summary>
internal static class PathRules
{
    /// <summary>
    /// The prefix of the hidden names of staging files. Clients cannot use these names, so that no staging file can be read, listed or
    /// replaced.
    /// </summary>
    public const string StagingPrefix = ".fts-pending-";

    /// <summary>
    /// Returns whether a name is reserved for staging files, or whether some file system treats it as equal to a reserved name.
    /// </summary>
    public static bool IsReserved(ReadOnlySpan<char> name) =>
        NameFolding.HasEquivalentPrefix(name, StagingPrefix) || NameFolding.IsShortStagingName(name);

    /// <summary>Returns whether any component of a path is a reserved name.</summary>
    public static bool IsReserved(StorePath path)
    {
        ReadOnlySpan<char> value = path.Value;
        foreach (Range name in value.Split('/'))
        {
            if (IsReserved(value[name]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The permission bits that can be set: read, write and execute, without setuid, setgid and the sticky bit.</summary>
    public const UnixFileMode SettableMode = (UnixFileMode)0x1FF; // octal 0777

    /// <summary>Throws if the metadata contains a mode that cannot be set.</summary>
    /// <exception cref="ArgumentException">The mode has a bit that is not in <see cref="SettableMode"/>.</exception>
    /// <exception cref="StoreException">The path is the root, whose mode could lock out every client.</exception>
    public static void ThrowIfNotSettable(StorePath path, FileMetadata metadata)
    {
        if (path.IsRoot && metadata.UnixMode is not null)
        {
            throw new StoreException(StoreError.Denied, "The mode of the root directory cannot be set.");
        }

        if ((metadata.UnixMode & ~SettableMode) is not (null or UnixFileMode.None))
        {
            throw new ArgumentException("Only the nine permission bits (0777) can be set.", nameof(metadata));
        }
    }

    /// <summary>Throws if the length of a hash is not the length of a SHA-256 hash.</summary>
    /// <param name="length">The length of the hash in bytes.</param>
    /// <exception cref="ArgumentException">The length is not 32.</exception>
    public static void ThrowIfNotSha256(int length)
    {
        if (length != SHA256.HashSizeInBytes)
        {
            throw new ArgumentException($"A SHA-256 hash has 32 bytes, not {length}.", nameof(length));
        }
    }

    /// <summary>Throws <see cref="StoreError.NotFound"/> if a path that should exist contains a reserved name.</summary>
    public static void ThrowIfReserved(StorePath path)
    {
        if (IsReserved(path))
        {
            throw new StoreException(StoreError.NotFound, $"{path} contains a name that is reserved for staging files.");
        }
    }

    /// <summary>
    /// Throws if no entry can be created at a path: <paramref name="ifRoot"/> for the root, and <see cref="StoreError.BadName"/> for a path
    /// with a reserved name.
    /// </summary>
    public static void ThrowIfNotCreatable(StorePath path, StoreError ifRoot)
    {
        ThrowIfRoot(path, ifRoot);
        if (IsReserved(path))
        {
            throw new StoreException(StoreError.BadName, $"{path} contains a name that is reserved for staging files.");
        }
    }

    /// <summary>Returns the text of a symbolic link: the target's path relative to the link's directory.</summary>
    /// <exception cref="StoreException">The target is not located in the link's directory or below it.</exception>
    public static string GetLinkText(StorePath path, StorePath target)
    {
        StorePath directory = path.Parent;
        return target != directory && target.IsWithin(directory)
            ? target.Value[(directory.IsRoot ? 1 : directory.Value.Length + 1)..]
            : throw new StoreException(
                StoreError.Denied, $"A link at {path} can point only to an entry in its own directory or below, not to {target}.");
    }

    /// <summary>
    /// Throws <see cref="StoreError.BadOffset"/> if an offset in bytes is past the end of a file of <paramref name="length"/> bytes. Does
    /// not throw for null.
    /// </summary>
    public static void ThrowIfPastEnd(long? offset, long length, StorePath path)
    {
        if (offset > length)
        {
            throw new StoreException(StoreError.BadOffset, $"Offset {offset} is past the end of {path}, which has {length} bytes.");
        }
    }

    /// <summary>
    /// Throws <paramref name="error"/> if the path is the root. The root cannot be created, deleted, renamed or replaced.
    /// </summary>
    public static void ThrowIfRoot(StorePath path, StoreError error)
    {
        if (path.IsRoot)
        {
            throw new StoreException(error, "The root directory cannot be created, deleted, renamed or replaced.");
        }
    }
}
