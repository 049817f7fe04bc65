using System.Globalization;
using Fts.Protocol;
using Fts.Server.Hashing;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>HASH (draft-bryan-ftpext-hash) and the older commands that each know one hash. Not over a data connection, but a transfer all the same: it can be aborted.</summary>
internal static class HashCommands
{
    /// <summary>The whole file, or the part that RANG or REST told. The reply names the first and the last byte; an empty part is <c>n-n</c>, for want of a better way.</summary>
    public static async ValueTask<FtpReply> HashAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (await session.Files!.GetReadableEntryAsync(path, cancellationToken) is { Kind: EntryKind.Directory })
        {
            return Replies.DirectoryHasNoHash;
        }

        HashKind kind = session.Hash;
        FileHash hash = await FileHash.GetOrComputeAsync(session, path, kind, session.Sequence.Current.RestartOffset, session.Sequence.Current.RangeEnd + 1, cancellationToken);
        return new FtpReply(FtpReplyCode.FileStatus, $"{kind.ToWireName()} {hash.Start}-{Math.Max(hash.Start, hash.End - 1)} {hash.Hex} {argument}");
    }

    public static ValueTask<FtpReply> Crc32Async(Session session, string argument, CancellationToken cancellationToken) => HashWithAsync(session, HashKind.Crc32, argument, cancellationToken);

    public static ValueTask<FtpReply> Md5Async(Session session, string argument, CancellationToken cancellationToken) => HashWithAsync(session, HashKind.Md5, argument, cancellationToken);

    public static ValueTask<FtpReply> Sha1Async(Session session, string argument, CancellationToken cancellationToken) => HashWithAsync(session, HashKind.Sha1, argument, cancellationToken);

    public static ValueTask<FtpReply> Sha256Async(Session session, string argument, CancellationToken cancellationToken) => HashWithAsync(session, HashKind.Sha256, argument, cancellationToken);

    public static ValueTask<FtpReply> Sha512Async(Session session, string argument, CancellationToken cancellationToken) => HashWithAsync(session, HashKind.Sha512, argument, cancellationToken);

    /// <summary>
    /// <c>name</c> or <c>"name" [start [end]]</c>, end being the offset after the last byte. Clients send quotes always, never, or where a name has
    /// spaces: a name that is there as it stands is never taken apart.
    /// </summary>
    private static async ValueTask<FtpReply> HashWithAsync(Session session, HashKind kind, string argument, CancellationToken cancellationToken)
    {
        HashArgument asked = HashArgument.Parse(argument);
        if (asked is not { IsNameOnly: true } && session.Resolve(argument) is { } whole && await session.Files!.GetReadableEntryAsync(whole, cancellationToken) is { Kind: EntryKind.File })
        {
            asked = new HashArgument(argument, 0, null);
        }

        if (session.Resolve(asked.Name) is not { } path)
        {
            return Replies.BadName;
        }

        if (asked.End < asked.Start)
        {
            return Replies.BadParameter;
        }

        FileHash hash = await FileHash.GetOrComputeAsync(session, path, kind, asked.Start, asked.End, cancellationToken);
        return new FtpReply(FtpReplyCode.FileActionOkay, hash.Hex.ToUpper(CultureInfo.InvariantCulture));
    }
}
