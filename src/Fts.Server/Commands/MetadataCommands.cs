using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>Facts set: times and permission bits (draft-somers-ftp-mfxx, and the SITE commands in use before it). What a reply names is set, all of it or nothing.</summary>
internal static class MetadataCommands
{
    /// <summary>MFMT (draft-somers-ftp-mfxx §3.1): sets the time and answers with what was set.</summary>
    public static async ValueTask<FtpReply> SetLastModifiedAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] parts = argument.Split(' ', 2);
        return parts.Length < 2 || !WireTime.TryParse(parts[0], out DateTime lastModified) ? Replies.BadParameter
            : await SetAsync(session, parts[1], new FileMetadata(lastModified), cancellationToken) ?? new FtpReply(FtpReplyCode.FileStatus, $"Modify={WireTime.Format(lastModified)}; {parts[1]}");
    }

    /// <summary>Whether an argument is a time of at least 14 digits, a space and a name.</summary>
    public static bool StartsWithTime(string argument) =>
        argument.IndexOf(' ', StringComparison.Ordinal) is var space && space >= WireTime.Length && space < argument.Length - 1 && WireTime.TryParse(argument.AsSpan(..space), out _);

    /// <summary>
    /// MFCT (draft-somers-ftp-mfxx §4) for the time of creation, which on Linux is the kernel's alone to set and which no store here keeps: understood, and
    /// refused as MFF refuses the fact <c>Create</c>, rather than answered as if something had been set. FEAT does not announce it.
    /// </summary>
    public static ValueTask<FtpReply> SetCreationTimeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] parts = argument.Split(' ', 2);
        return new(parts.Length < 2 || parts[1].Length == 0 || !WireTime.TryParse(parts[0], out _) ? Replies.BadParameter : Replies.NoCreationTime);
    }

    /// <summary>MFF (draft-somers-ftp-mfxx §5): any of the facts that can be set, as MLST tells them.</summary>
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
                    return Replies.NoCreationTime;
                default:
                    return Replies.ParameterNotImplemented;
            }
        }

        string told = (metadata.LastModified is { } time ? $"Modify={WireTime.Format(time)};" : "") +
            (metadata.UnixMode is { } bits ? $"UNIX.mode=0{Convert.ToString((int)bits, 8).PadLeft(3, '0')};" : "");
        return await SetAsync(session, parts[1], metadata, cancellationToken) ?? new FtpReply(FtpReplyCode.FileStatus, $"{told} {parts[1]}");
    }

    /// <summary>
    /// SITE UTIME in both its forms: <c>time name</c>, and <c>name accessed modified created UTC</c>, of which the time modified counts. No draft has it.
    /// </summary>
    public static async ValueTask<FtpReply> SiteTimeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] words = argument.Split(' '), halves = argument.Split(' ', 2);
        (string name, DateTime lastModified) = words is [_, .., var accessed, var second, var created, "UTC"] && words.Length >= 5 &&
            ParseTime(accessed) is not null && ParseTime(second) is { } later && ParseTime(created) is not null ? (string.Join(' ', words[..^4]), later)
            : halves.Length == 2 && ParseTime(halves[0]) is { } first ? (halves[1], first)
            : ("", default);
        return name.Length == 0 ? Replies.BadParameter : await SetAsync(session, name, new FileMetadata(lastModified), cancellationToken) ?? Replies.CommandOkay;
    }

    public static async ValueTask<FtpReply> SiteModeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] halves = argument.Split(' ', 2);
        return halves.Length < 2 || ParseMode(halves[0]) is not { } mode ? Replies.BadParameter
            : await SetAsync(session, halves[1], new FileMetadata(UnixMode: mode), cancellationToken) ?? Replies.CommandOkay;
    }

    /// <summary>Null when they are set.</summary>
    private static async ValueTask<FtpReply?> SetAsync(Session session, string name, FileMetadata metadata, CancellationToken cancellationToken)
    {
        if (session.Resolve(name) is not { } path)
        {
            return Replies.BadName;
        }

        await session.Files!.SetMetadataAsync(path, metadata, cancellationToken);
        session.Server.HashCache.Clear();
        return null;
    }

    /// <summary>Octal digits, and none of the bits above the nine.</summary>
    private static UnixFileMode? ParseMode(string text)
    {
        if (text.Length is < 3 or > 5 || text.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            return null;
        }

        int bits = Convert.ToInt32(text, 8);
        return bits <= 0x1FF ? (UnixFileMode)bits : null;
    }

    /// <summary>A time to the second or, as some clients send it here, to the minute.</summary>
    private static DateTime? ParseTime(string text) =>
        WireTime.TryParse(text.Length == WireTime.Length - 2 ? text + "00" : text, out DateTime time) ? time : null;
}
