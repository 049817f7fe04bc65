using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>
/// Sets last-modified times and permission bits: MFMT and MFF (draft-somers-ftp-mfxx), and the older SITE commands. Except for SITE UTIME,
/// a positive reply means that all requested values were set.
/// </summary>
internal static class MetadataCommands
{
    /// <summary>MFMT: sets the last-modified time and returns it (draft-somers-ftp-mfxx §3.1).</summary>
    public static async ValueTask<FtpReply> SetLastModifiedAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] parts = argument.Split(' ', 2);
        if (parts.Length < 2 || !WireTime.TryParse(parts[0], out DateTime lastModified))
        {
            return Replies.BadParameter;
        }

        return await SetMetadataAsync(session, parts[1], new FileMetadata(lastModified), cancellationToken)
            ?? new FtpReply(FtpReplyCode.FileStatus, $"Modify={WireTime.Format(lastModified)}; {parts[1]}");
    }

    /// <summary>Returns whether the argument consists of a time (at least 14 digits), a space and a name.</summary>
    public static bool StartsWithTime(string argument) =>
        argument.IndexOf(' ', StringComparison.Ordinal) is var space && space >= WireTime.Length && space < argument.Length - 1 &&
        WireTime.TryParse(argument.AsSpan(..space), out _);

    /// <summary>
    /// MFCT: returns a negative reply, because no store can set creation times (draft-somers-ftp-mfxx §4). On Linux, only the kernel sets
    /// creation times. FEAT does not list MFCT.
    /// </summary>
    public static ValueTask<FtpReply> SetCreationTimeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] parts = argument.Split(' ', 2);
        bool isValid = parts.Length == 2 && parts[1].Length > 0 && WireTime.TryParse(parts[0], out _);
        return new(isValid ? Replies.CannotSetCreationTime : Replies.BadParameter);
    }

    /// <summary>MFF: sets the facts Modify and UNIX.mode (draft-somers-ftp-mfxx §5).</summary>
    public static async ValueTask<FtpReply> SetFactsAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] parts = argument.Split(' ', 2);
        if (parts.Length < 2 || !parts[0].EndsWith(';'))
        {
            return Replies.BadParameter;
        }

        var metadata = new FileMetadata();
        foreach (string fact in parts[0][..^1].Split(';'))
        {
            string[] sides = fact.Split('=', 2);
            switch (sides[0].ToUpperInvariant())
            {
                case "MODIFY" when sides.Length == 2 && WireTime.TryParse(sides[1], out DateTime lastModified):
                    metadata = metadata with { LastModified = lastModified };
                    break;
                case "UNIX.MODE" when sides.Length == 2 && ParseMode(sides[1]) is { } mode:
                    metadata = metadata with { UnixMode = mode };
                    break;
                case "MODIFY" or "UNIX.MODE" or "":
                    return Replies.BadParameter;
                case "CREATE":
                    return Replies.CannotSetCreationTime;
                default:
                    return Replies.ParameterNotImplemented;
            }
        }

        string facts = (metadata.LastModified is { } time ? $"Modify={WireTime.Format(time)};" : "") +
            (metadata.UnixMode is { } bits ? $"UNIX.mode=0{Convert.ToString((int)bits, 8).PadLeft(3, '0')};" : "");
        return await SetMetadataAsync(session, parts[1], metadata, cancellationToken)
            ?? new FtpReply(FtpReplyCode.FileStatus, $"{facts} {parts[1]}");
    }

    /// <summary>
    /// SITE UTIME: sets the last-modified time. No standard defines the two forms of the argument: <c>time name</c>, and <c>name accessed
    /// modified created UTC</c>. The times of access and creation are validated, but not set.
    /// </summary>
    public static async ValueTask<FtpReply> SetTimeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        return ParseUtimeArgument(argument) is { Name.Length: > 0 } utime
            ? await SetMetadataAsync(session, utime.Name, new FileMetadata(utime.LastModified), cancellationToken) ?? Replies.CommandOkay
            : Replies.BadParameter;
    }

    /// <summary>SITE CHMOD: sets the permission bits.</summary>
    public static async ValueTask<FtpReply> SetModeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] halves = argument.Split(' ', 2);
        return halves.Length < 2 || ParseMode(halves[0]) is not { } mode ? Replies.BadParameter
            : await SetMetadataAsync(session, halves[1], new FileMetadata(UnixMode: mode), cancellationToken) ?? Replies.CommandOkay;
    }

    /// <summary>Parses the argument of SITE UTIME. Returns null if it is invalid.</summary>
    private static (string Name, DateTime LastModified)? ParseUtimeArgument(string argument)
    {
        string[] words = argument.Split(' '), halves = argument.Split(' ', 2);
        if (words is [_, .., var accessed, var modified, var created, "UTC"] && words.Length >= 5 &&
            ParseTime(accessed) is not null && ParseTime(modified) is { } lastModified && ParseTime(created) is not null)
        {
            return (string.Join(' ', words[..^4]), lastModified);
        }

        return halves.Length == 2 && ParseTime(halves[0]) is { } time ? (halves[1], time) : null;
    }

    /// <summary>Sets the metadata of a path. Returns the negative reply, or null on success.</summary>
    private static async ValueTask<FtpReply?> SetMetadataAsync(
        Session session, string name, FileMetadata metadata, CancellationToken cancellationToken)
    {
        if (session.Resolve(name) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.SetMetadataAsync(path, metadata, cancellationToken);
        session.Server.HashCache.Clear();
        return null;
    }

    /// <summary>Parses permission bits of three to five octal digits. Returns null for other text, and for values above 0777.</summary>
    private static UnixFileMode? ParseMode(string text)
    {
        if (text.Length is < 3 or > 5 || text.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            return null;
        }

        int bits = Convert.ToInt32(text, 8);
        return bits <= 0x1FF ? (UnixFileMode)bits : null;
    }

    /// <summary>Parses a time in UTC, with or without seconds. Returns null if the time is invalid.</summary>
    private static DateTime? ParseTime(string text) =>
        WireTime.TryParse(text.Length == WireTime.Length - 2 ? text + "00" : text, out DateTime time) ? time : null;
}
