using Fts.Protocol;

namespace Fts.Client;

/// <summary>A file or folder on the server, as far as the server told.</summary>
public sealed record FtpEntry
{
    /// <summary>The path to send to the server.</summary>
    /// <remarks>
    /// It is the requested path, or the path of the listed folder joined with <see cref="Name"/>. It is the folder's path if the line could not be read.
    /// Bytes that could not be decoded are lone surrogates (see <see cref="FtpName"/>), and the client sends them back unchanged.
    /// </remarks>
    public required string Path { get; init; }

    /// <summary>The name as the server sent it; empty if the line could not be read.</summary>
    /// <remarks>
    /// Each byte that could not be decoded is a lone surrogate. Use <see cref="LocalName"/> for local files and <see cref="PrintableText.ToPrintable"/> for display.
    /// A hostile server can send any name: see <see cref="IsSafeName"/>.
    /// </remarks>
    public required string Name { get; init; }

    /// <summary>
    /// The name for a local file: <see cref="Name"/>, with the characters of Latin-1 for bytes that could not be decoded (<see cref="FtpName.ToLocalName"/>).
    /// Two entries of a folder may have one local name.
    /// </summary>
    public string LocalName => FtpName.ToLocalName(Name);

    /// <summary>What it is. <see cref="FtpEntryKind.Unknown"/> means a line of the listing that could not be read: see <see cref="RawLine"/>.</summary>
    public required FtpEntryKind Kind { get; init; }

    /// <summary>Size in bytes; null where the server does not tell. How exact it is follows from <see cref="Source"/>.</summary>
    public long? Length { get; init; }

    /// <summary>When it last changed, UTC; null where the server does not tell. How exact it is follows from <see cref="Source"/>.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>The source of the metadata; null if it was read with SIZE and MDTM, or not read.</summary>
    public FtpEntrySource? Source { get; init; }

    /// <summary>The Unix permission bits, where the server tells.</summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>What a symbolic link points to, where the server tells.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>
    /// The line as the server sent it, if it could not be read; else null. It may be a message of the server, or a file or folder in a format that is
    /// not known. The listing is then incomplete: a missing name does not mean that there is no such file.
    /// </summary>
    public string? RawLine { get; init; }

    /// <summary>What several names of the same file or folder have in common (RFC 3659 §7.5.2), where the server tells.</summary>
    public string? UniqueId { get; init; }

    /// <summary>
    /// True when <see cref="LocalName"/> is one component that stays in the folder it is put in: not empty, not <c>.</c> or <c>..</c>, without slashes, backslashes,
    /// control characters, or what this system forbids in names. Whoever writes a local file by a listed name checks this first.
    /// </summary>
    public bool IsSafeName => RemotePath.IsSafeName(LocalName);

    /// <summary>An entry of a listed folder.</summary>
    internal static FtpEntry FromListing(string directory, ListingEntry entry) => entry.Kind == FtpEntryKind.Unknown
        ? new FtpEntry { Path = directory, Name = "", Kind = FtpEntryKind.Unknown, RawLine = entry.RawLine }
        : Create(RemotePath.Join(directory, entry.Name), entry);

    internal static FtpEntry Create(string path, ListingEntry entry, string? name = null) => new()
    {
        Path = path,
        Name = name ?? entry.Name,
        Kind = entry.Kind,
        Length = entry.Length,
        LastModified = entry.LastModified,
        Source = entry.Source,
        UnixMode = entry.UnixMode,
        LinkTarget = entry.LinkTarget,
        UniqueId = entry.UniqueId,
    };
}
