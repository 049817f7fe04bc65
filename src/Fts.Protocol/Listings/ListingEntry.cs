namespace Fts.Protocol;

/// <summary>What an entry of a listing is, as far as its line tells.</summary>
public enum FtpEntryKind
{
    /// <summary>A regular file.</summary>
    File,
    /// <summary>A folder.</summary>
    Directory,
    /// <summary>A symbolic link whose target's kind the line does not tell.</summary>
    Link,
    /// <summary>A device, socket, FIFO or something the format has no word for.</summary>
    Other,
    /// <summary>
    /// A line in no known format, or a message of the server. It may describe a file or folder of unknown name, so the listing is incomplete.
    /// </summary>
    Unknown,
}

/// <summary>Where a listing's line got its facts; how far its times can be trusted follows from it.</summary>
public enum FtpEntrySource
{
    /// <summary>MLSD or MLST (RFC 3659): exact, UTC.</summary>
    Mlsx,
    /// <summary>LIST in the form of Unix <c>ls -l</c>: to the minute or day, no zone, the year may be a guess.</summary>
    Unix,
    /// <summary>LIST in the form of DOS and IIS: to the minute, no zone.</summary>
    Dos,
    /// <summary>LIST in EPLF, Easily Parsed LIST Format: exact, UTC.</summary>
    Eplf,
    /// <summary>
    /// LIST of VMS: to the second at best, no zone; a length is counted in blocks of 512 bytes, the last of which need not be full. A file's name ends in
    /// its <c>;version</c>, as RETR takes it; a folder's has lost its <c>.DIR;1</c>, as CWD takes it.
    /// </summary>
    Vms,
    /// <summary>LIST of MVS and z/OS: datasets without length or time of change, members with a time to the minute, no zone; jobs by their number.</summary>
    Mvs,
    /// <summary>LIST of OS/400 and IBM i: to the second, no zone, null where the order of day, month and year cannot be known.</summary>
    Os400,
    /// <summary>LIST of NetWare: as of Unix, without permission bits.</summary>
    NetWare,
    /// <summary>LIST of OS/2, VShell, VxWorks, Nortel, OS-9, HP NonStop or z/VM: to the second at best, no zone.</summary>
    Other,
    /// <summary>
    /// Names alone: from NLST, for servers without LIST, where their kind is <see cref="FtpEntryKind.Other"/>, or from a LIST that writes nothing
    /// else, where each is taken for a file.
    /// </summary>
    Names,
    /// <summary>A line in no known format.</summary>
    Unknown,
}

/// <summary>One line of a listing.</summary>
/// <param name="Name">The name as sent; not checked to be a single component. Empty if <see cref="Kind"/> is <see cref="FtpEntryKind.Unknown"/>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Length">Size in bytes, of whole blocks where the source is <see cref="FtpEntrySource.Vms"/>; null where the line does not tell.</param>
/// <param name="LastModified">When it last changed, taken as UTC; null where the line does not tell.</param>
/// <param name="Source">The format it was read from.</param>
public sealed record ListingEntry(string Name, FtpEntryKind Kind, long? Length, DateTime? LastModified, FtpEntrySource Source)
{
    /// <summary>The Unix permission bits, where the line tells.</summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>What a symbolic link points to, where the line tells.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>What the signed-in user may do with it, as letters (RFC 3659 §7.5.5), where the line tells.</summary>
    public string? Permissions { get; init; }

    /// <summary>The line as the server sent it, if <see cref="Kind"/> is <see cref="FtpEntryKind.Unknown"/>; else null.</summary>
    public string? RawLine { get; init; }

    /// <summary>What two names of the same file have in common (RFC 3659 §7.5.2), where the line tells.</summary>
    public string? UniqueId { get; init; }

    internal static ListingEntry CreateUnreadable(string line) => new("", FtpEntryKind.Unknown, null, null, FtpEntrySource.Unknown) { RawLine = line };
}
