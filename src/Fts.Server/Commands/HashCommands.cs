using System.Globalization;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Hashing;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>Computes hashes of files: HASH (draft-bryan-ftpext-hash), and the older commands for one algorithm each.</summary>
/// <remarks>The commands are transfers without a data connection: ABOR aborts them.</remarks>
internal static class HashCommands
{
    /// <summary>
    /// HASH: returns the hash of the file, or of the range that REST or RANG set. The reply contains the offsets of the first and the last
    /// byte. For an empty range, both are the offset of the start.
    /// </summary>
    public static async ValueTask<FtpReply> HashAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (await session.Files!.GetReadableEntryAsync(path, cancellationToken) is { Kind: EntryKind.Directory })
        {
            return Replies.CannotHashDirectory;
        }

        HashKind kind = session.Hash;
        SequenceParameters range = session.Sequence.Current;
        FileHash hash = await FileHash.GetOrComputeAsync(session, path, kind, range.RestartOffset, range.RangeEnd + 1, cancellationToken);
        long lastByte = Math.Max(hash.Start, hash.End - 1);
        return new FtpReply(FtpReplyCode.FileStatus, $"{kind.ToWireName()} {hash.Start}-{lastByte} {hash.Hex} {argument}");
    }

    /// <summary>XCRC: returns the CRC-32 of a file or range.</summary>
    public static ValueTask<FtpReply> Crc32Async(Session session, string argument, CancellationToken cancellationToken) =>
        GetHashAsync(session, HashKind.Crc32, argument, cancellationToken);

    /// <summary>XMD5: returns the MD5 of a file or range.</summary>
    public static ValueTask<FtpReply> Md5Async(Session session, string argument, CancellationToken cancellationToken) =>
        GetHashAsync(session, HashKind.Md5, argument, cancellationToken);

    /// <summary>XSHA and XSHA1: return the SHA-1 of a file or range.</summary>
    public static ValueTask<FtpReply> Sha1Async(Session session, string argument, CancellationToken cancellationToken) =>
        GetHashAsync(session, HashKind.Sha1, argument, cancellationToken);

    /// <summary>XSHA256: returns the SHA-256 of a file or range.</summary>
    public static ValueTask<FtpReply> Sha256Async(Session session, string argument, CancellationToken cancellationToken) =>
        GetHashAsync(session, HashKind.Sha256, argument, cancellationToken);

    /// <summary>XSHA512: returns the SHA-512 of a file or range.</summary>
    public static ValueTask<FtpReply> Sha512Async(Session session, string argument, CancellationToken cancellationToken) =>
        GetHashAsync(session, HashKind.Sha512, argument, cancellationToken);

    /// <summary>Returns the hash of a file or of a byte range of the file (250).</summary>
    /// <param name="session">The session.</param>
    /// <param name="kind">The hash algorithm.</param>
    /// <param name="argument">
    /// <c>name [start [end]]</c>, with the name optionally in quotes. The end is the offset after the last byte. Some clients never quote
    /// names. Therefore, an existing file with the whole argument as its name takes precedence.
    /// </param>
    /// <param name="cancellationToken">Cancels the command.</param>
    private static async ValueTask<FtpReply> GetHashAsync(
        Session session, HashKind kind, string argument, CancellationToken cancellationToken)
    {
        HashArgument parsed = HashArgument.Parse(argument);
        if (!parsed.IsNameOnly && session.Resolve(argument) is { } whole && session.Files!.HasPermission(Permissions.Read, whole) &&
            await session.Files.GetReadableEntryAsync(whole, cancellationToken) is { Kind: EntryKind.File })
        {
            parsed = new HashArgument(argument, 0, null);
        }

        if (session.Resolve(parsed.Name) is not { } path)
        {
            return Replies.BadName;
        }

        if (parsed.End < parsed.Start)
        {
            return Replies.BadParameter;
        }

        FileHash hash = await FileHash.GetOrComputeAsync(session, path, kind, parsed.Start, parsed.End, cancellationToken);
        return new FtpReply(FtpReplyCode.FileActionOkay, hash.Hex.ToUpper(CultureInfo.InvariantCulture));
    }
}
