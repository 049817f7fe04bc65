namespace Fts.Protocol;

/// <summary>The kind of an entry in a listing, as specified by the line of the entry.</summary>
public enum FtpEntryKind
{
    /// <summary>A regular file.</summary>
    File,
    /// <summary>A directory.</summary>
    Directory,
    /// <summary>A symbolic link. The line does not specify the kind of its target.</summary>
    Link,
    /// <summary>An entry of another kind, such as a device, socket or FIFO, or of a kind that the line does not specify.</summary>
    Other,
    /// <summary>
    /// A line in an unknown format, such as a message. It may describe a file or directory, so the listing may be incomplete.
    /// </summary>
    Unknown,
}

/// <summary>The listing format from which an entry was read. The format determines the precision of times.</summary>
public enum FtpEntrySource
{
    /// <summary>MLSD or MLST (RFC 3659 §7). Times are exact and in UTC.</summary>
    Mlsx,
    /// <summary>
    /// LIST in the format of Unix <c>ls -l</c>. Times are usually precise to the minute or day and have no time zone. The year may be a
    /// guess.
    /// </summary>
    Unix,
    /// <summary>LIST in the format of DOS and IIS. Times are usually precise to the minute and have no time zone.</summary>
    Dos,
    /// <summary>LIST in EPLF, the Easily Parsed LIST Format. Times are exact and in UTC.</summary>
    Eplf,
    /// <summary>
    /// LIST of VMS. Times are precise to the second at best and have no time zone. Lengths are usually multiples of 512 bytes, the block
    /// size. Names of files end with their <c>;version</c>, as RETR expects. Names of directories lack their <c>.DIR;1</c>, as CWD expects.
    /// </summary>
    Vms,
    /// <summary>
    /// LIST of MVS and z/OS. Datasets have no length and no time. Times of members are precise to the minute and have no time zone. The
    /// name of an entry for a job is the job ID.
    /// </summary>
    Mvs,
    /// <summary>
    /// LIST of OS/400 and IBM i. Times are precise to the second and have no time zone. The order of day, month and year in a date is a
    /// guess. A time is null for a member of a file, and if every order results in a date in the future.
    /// </summary>
    Os400,
    /// <summary>LIST of NetWare. Times are as precise as those of <see cref="Unix"/>. Entries have no permission bits.</summary>
    NetWare,
    /// <summary>
    /// LIST of OS/2, VShell, VxWorks, Nortel, OS-9, HP NonStop or z/VM. Times are precise to the second at best and have no time zone.
    /// </summary>
    Other,
    /// <summary>
    /// Names without metadata. Entries from NLST have the kind <see cref="FtpEntryKind.Other"/>. Entries from a LIST that contains only
    /// names have the kind <see cref="FtpEntryKind.File"/>.
    /// </summary>
    Names,
    /// <summary>A line in an unknown format.</summary>
    Unknown,
}

/// <summary>One entry of a listing, as the server sent it.</summary>
/// <param name="Name">
/// The name as sent, which may contain slashes or be <c>..</c>. Empty if <see cref="Kind"/> is <see cref="FtpEntryKind.Unknown"/>.
/// </param>
/// <param name="Kind">The kind of the entry.</param>
/// <param name="Length">
/// The size of the content in bytes, or null if the line does not contain this size. For <see cref="FtpEntrySource.Vms"/>, it is usually
/// rounded up to whole blocks.
/// </param>
/// <param name="LastModified">
/// The last-modified time, or null if the line has no such time. Read as UTC if the format has no time zone.
/// </param>
/// <param name="Source">The format from which the entry was read.</param>
public sealed record ListingEntry(string Name, FtpEntryKind Kind, long? Length, DateTime? LastModified, FtpEntrySource Source)
{
    /// <summary>The Unix permission bits, or null if the line has none.</summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>The target of a symbolic link, or null if the line has none.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>
    /// The permissions of the logged-in user as the letters of the <c>perm</c> fact (RFC 3659 §7.5.5), or null if the line has none.
    /// </summary>
    public string? Permissions { get; init; }

    /// <summary>The line as the server sent it if <see cref="Kind"/> is <see cref="FtpEntryKind.Unknown"/>, and otherwise null.</summary>
    public string? RawLine { get; init; }

    /// <summary>
    /// An identifier that is the same for all names of one file: the <c>unique</c> fact (RFC 3659 §7.5.2) or the <c>i</c> fact of EPLF.
    /// Null if the line has none.
    /// </summary>
    public string? UniqueId { get; init; }

    internal static ListingEntry CreateUnreadable(string line) =>
        new("", FtpEntryKind.Unknown, null, null, FtpEntrySource.Unknown) { RawLine = line };
}
