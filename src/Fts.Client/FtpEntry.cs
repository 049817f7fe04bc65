using Fts.Protocol;

namespace Fts.Client;

/// <summary>The metadata of a file or directory on the server.</summary>
public sealed record FtpEntry
{
    /// <summary>The path to send to the server.</summary>
    /// <remarks>
    /// For a listed entry, the path of the directory joined with <see cref="Name"/>. For a line in an unknown format, the path of the
    /// directory. Otherwise, the requested path. A byte that could not be decoded is a lone surrogate (see <see cref="FtpName"/>), which
    /// the client sends back as the same byte.
    /// </remarks>
    public required string Path { get; init; }

    /// <summary>The name as the server sent it; empty for a line in an unknown format.</summary>
    /// <remarks>
    /// A byte that could not be decoded is a lone surrogate. Use <see cref="LocalName"/> for local files, and
    /// <see cref="PrintableText.ToPrintable"/> for display. A hostile server can send any name: check <see cref="IsSafeName"/>.
    /// </remarks>
    public required string Name { get; init; }

    /// <summary>
    /// The name for a local file: <see cref="Name"/>, with Latin-1 characters for bytes that could not be decoded
    /// (<see cref="FtpName.ToLocalName"/>). Two entries of a directory may have the same local name.
    /// </summary>
    public string LocalName => FtpName.ToLocalName(Name);

    /// <summary>
    /// The kind of the entry. <see cref="FtpEntryKind.Unknown"/> means a line of a listing in an unknown format: see <see cref="RawLine"/>.
    /// </summary>
    public required FtpEntryKind Kind { get; init; }

    /// <summary>The size in bytes; null if the server does not report one. <see cref="Source"/> determines its accuracy.</summary>
    public long? Length { get; init; }

    /// <summary>
    /// The last-modified time, in UTC; null if the server does not report one. <see cref="Source"/> determines its accuracy.
    /// </summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>The source of the metadata; null if the client read the metadata with SIZE and MDTM, or read none.</summary>
    public FtpEntrySource? Source { get; init; }

    /// <summary>The Unix permission bits; null if the server does not report them.</summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>The target of a symbolic link; null if the entry is not a link, or the server does not report the target.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>
    /// The line of the listing as the server sent it, if its format is unknown; otherwise null. The line may be a message, or describe a
    /// file or directory, so a file may exist although it is not listed.
    /// </summary>
    public string? RawLine { get; init; }

    /// <summary>
    /// An identifier that is the same for all paths of one file or directory (the fact "unique", RFC 3659 §7.5.2); null if the server does
    /// not report one.
    /// </summary>
    public string? UniqueId { get; init; }

    /// <summary>
    /// Whether <see cref="LocalName"/> can be joined with a local directory without leaving it. Check this before you create a local file
    /// with a listed name.
    /// </summary>
    /// <remarks>
    /// A safe name is not empty, <c>.</c> or <c>..</c>, and contains no slash, backslash, control character or other character that this
    /// system forbids in file names. On Windows, it is not a device name and does not end in a dot or space.
    /// </remarks>
    public bool IsSafeName => RemotePath.IsSafeName(LocalName);

    /// <summary>Creates the entry for a line of the listing of a directory.</summary>
    internal static FtpEntry FromListing(string directory, ListingEntry entry) => entry.Kind == FtpEntryKind.Unknown
        ? new FtpEntry { Path = directory, Name = "", Kind = FtpEntryKind.Unknown, RawLine = entry.RawLine }
        : Create(RemotePath.Join(directory, entry.Name), entry);

    /// <summary>Creates the entry at a path from parsed metadata. If <paramref name="name"/> is null, uses the parsed name.</summary>
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
