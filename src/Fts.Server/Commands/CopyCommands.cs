using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>
/// Copies and combines files on the server: SITE COPY, SITE CPFR with SITE CPTO, and COMB for clients that upload in segments.
/// </summary>
/// <remarks>
/// COMB, SITE COPY and SITE CPTO are transfers without a data connection, so that ABOR aborts them. The target changes only when the whole
/// result is committed. SITE CPFR and SITE CPTO work like RNFR and RNTO. No standard defines these commands.
/// </remarks>
internal static class CopyCommands
{
    /// <summary>
    /// COMB: appends the parts to the target in the order of the arguments, then deletes the parts. As in GlobalSCAPE EFT, the first
    /// argument is the target, which may exist.
    /// </summary>
    public static async ValueTask<FtpReply> CombineAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (QuotedArguments.Parse(argument) is not { Count: >= 2 } names)
        {
            return Replies.BadParameter;
        }

        var paths = new List<StorePath>(names.Count);
        foreach (string name in names)
        {
            if (session.Resolve(name) is not { } path)
            {
                return Replies.BadName;
            }

            paths.Add(path);
        }

        Transfer transfer = session.Transfer!;
        await Task.Run(
            () => session.Files!.CombineAsync(paths[0], paths[1..], transfer.AddBytes, transfer.StartCommit, cancellationToken).AsTask(),
            cancellationToken);
        return Replies.FileActionOkay;
    }

    /// <summary>SITE COPY: copies the file in the first argument to the path in the second argument.</summary>
    public static async ValueTask<FtpReply> SiteCopyAsync(Session session, string argument, CancellationToken cancellationToken) =>
        QuotedArguments.Parse(argument) is not { Count: 2 } names ? Replies.BadParameter
        : session.Resolve(names[0]) is not { } source || session.Resolve(names[1]) is not { } target ? Replies.BadName
        : await CopyAsync(session, source, target, cancellationToken);

    /// <summary>SITE CPFR: selects the file that the next SITE CPTO copies.</summary>
    public static async ValueTask<FtpReply> SiteCopyFromAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        FileEntry? entry = await session.Files!.GetReadableEntryAsync(path, cancellationToken);
        if (entry is not { Kind: EntryKind.File })
        {
            return entry is null ? Replies.NotFound : Replies.NotAFile;
        }

        session.Sequence.Next = new SequenceParameters { CopySource = path };
        return Replies.ReadyForCopyTarget;
    }

    /// <summary>SITE CPTO: copies the file that SITE CPFR selected.</summary>
    public static async ValueTask<FtpReply> SiteCopyToAsync(Session session, string argument, CancellationToken cancellationToken) =>
        session.Sequence.Current.CopySource is not { } source ? Replies.BadSequence
        : session.Resolve(argument) is not { } target ? Replies.BadName
        : await CopyAsync(session, source, target, cancellationToken);

    private static async ValueTask<FtpReply> CopyAsync(
        Session session, StorePath source, StorePath target, CancellationToken cancellationToken)
    {
        Transfer transfer = session.Transfer!;
        await Task.Run(
            () => session.Files!.CopyAsync(source, target, transfer.AddBytes, transfer.StartCommit, cancellationToken).AsTask(),
            cancellationToken);
        return Replies.FileActionOkay;
    }
}
