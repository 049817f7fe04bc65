using System.Security.Cryptography;

namespace Fts.Storage;

/// <summary>What every store answers from the path alone, so that all of them answer the same.</summary>
internal static class PathRules
{
    /// <summary>How the hidden names of pending files begin. No client can spell one: neither a pending upload nor what is left of one can be read, listed or replaced.</summary>
    public const string StagingPrefix = ".fts-pending-";

    /// <summary>Whether an entry's name is one the store keeps for itself, or one that some file system takes for such a name.</summary>
    public static bool IsReserved(ReadOnlySpan<char> name) => NameFolding.HasEquivalentPrefix(name, StagingPrefix) || NameFolding.IsShortStagingName(name);

    /// <summary>Whether any component of a path is one the store keeps for itself.</summary>
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

    /// <summary>Every permission bit a caller may set; setuid, setgid and the sticky bit are not among them.</summary>
    public const UnixFileMode SettableMode = (UnixFileMode)0x1FF;

    /// <summary>Nobody gets to set more than the nine permission bits.</summary>
    /// <exception cref="ArgumentException">The facts hold another bit.</exception>
    /// <exception cref="StoreException">The mode of the top folder would be set, which could lock out every client.</exception>
    public static void ThrowIfNotSettable(StorePath path, FileMetadata metadata)
    {
        if (path.IsRoot && metadata.UnixMode is not null)
        {
            throw new StoreException(StoreError.Denied, "The mode of the top folder cannot be set.");
        }

        if ((metadata.UnixMode & ~SettableMode) is not (null or UnixFileMode.None))
        {
            throw new ArgumentException("Only the nine permission bits can be set.", nameof(metadata));
        }
    }

    /// <summary>What is remembered is a SHA-256.</summary>
    /// <exception cref="ArgumentException">It has another length.</exception>
    public static void ThrowIfNotSha256(int length)
    {
        if (length != SHA256.HashSizeInBytes)
        {
            throw new ArgumentException("A SHA-256 has 32 bytes.", nameof(length));
        }
    }

    /// <summary>What is asked for must be able to exist.</summary>
    public static void ThrowIfReserved(StorePath path)
    {
        if (IsReserved(path))
        {
            throw new StoreException(StoreError.NotFound, $"{path} is a name the store keeps for itself.");
        }
    }

    /// <summary>What is to be made must be a name callers may use, and not the top folder.</summary>
    public static void ThrowIfNotCreatable(StorePath path, StoreError ifRoot)
    {
        ThrowIfRoot(path, ifRoot);
        if (IsReserved(path))
        {
            throw new StoreException(StoreError.BadName, $"{path} is a name the store keeps for itself.");
        }
    }

    /// <summary>The text of a link: the way from its folder down to what it leads to.</summary>
    /// <exception cref="StoreException">There is no such way, only one that goes up.</exception>
    public static string GetLinkText(StorePath path, StorePath target)
    {
        StorePath directory = path.Parent;
        return target != directory && target.IsWithin(directory)
            ? target.Value[(directory.IsRoot ? 1 : directory.Value.Length + 1)..]
            : throw new StoreException(StoreError.Denied, $"{target} lies neither beside {path} nor below it.");
    }

    /// <summary>A file is gone on with from what it has.</summary>
    public static void ThrowIfPastEnd(long? offset, long length, StorePath path)
    {
        if (offset > length)
        {
            throw new StoreException(StoreError.BadOffset, $"{path} has {length} bytes; {offset} lies past its end.");
        }
    }

    /// <summary>The top folder can be neither made, removed, renamed nor replaced.</summary>
    public static void ThrowIfRoot(StorePath path, StoreError error)
    {
        if (path.IsRoot)
        {
            throw new StoreException(error, "This cannot be done to the top folder.");
        }
    }
}
