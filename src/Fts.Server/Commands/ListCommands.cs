using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>LIST, NLST and MLSD: a folder over the data connection, streamed as it is read (RFC 959 §4.1.3, RFC 1123 §4.1.2.7, RFC 3659 §7).</summary>
internal static class ListCommands
{
    private delegate int LineWriter(Span<byte> line, in FileEntry entry);

    public static async ValueTask<Reply> ListAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        var rows = new EntryRows(session);
        DateTime now = DateTime.UtcNow;
        return await ListSelection.FindAsync(session, argument, cancellationToken) is { } selection
            ? await SendAsync(session, selection, (Span<byte> line, in FileEntry entry) => ListingFormat.WriteUnix(line, rows.Row(entry), now), cancellationToken)
            : Replies.BadName;
    }

    /// <summary>Names as one would give them to RETR: with the folder in front that the client named.</summary>
    public static async ValueTask<Reply> NamesAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (await ListSelection.FindAsync(session, argument, cancellationToken) is not { } selection)
        {
            return Replies.BadName;
        }

        byte[] prefix = Encoding.UTF8.GetBytes(selection.Prefix);
        return await SendAsync(session, selection, WriteName, cancellationToken);

        int WriteName(Span<byte> line, in FileEntry entry)
        {
            prefix.CopyTo(line);
            int at = prefix.Length + Encoding.UTF8.GetBytes(entry.Name, line[prefix.Length..]);
            "\r\n"u8.CopyTo(line[at..]);
            return at + 2;
        }
    }

    public static async ValueTask<Reply> MachineListAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (await session.Files!.FindAsync(path, cancellationToken) is { Kind: not EntryKind.Folder })
        {
            return Replies.NotAFolderParameter; // RFC 3659 §7.2.1
        }

        var rows = new EntryRows(session);
        MachineFacts facts = session.Facts;
        byte[]? hash = null; // the entry's that is written next
        IAsyncEnumerable<FileEntry> entries = await session.Files.ListAsync(path, cancellationToken);
        var selection = new ListSelection(facts.HasFlag(MachineFacts.Sha256) ? WithHashes(entries, cancellationToken) : entries, "");
        return await SendAsync(session, selection, (Span<byte> line, in FileEntry entry) => ListingFormat.WriteMachine(line, rows.Row(entry, hash), facts), cancellationToken);

        async IAsyncEnumerable<FileEntry> WithHashes(IAsyncEnumerable<FileEntry> entries, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (FileEntry entry in entries.WithCancellation(cancellationToken))
            {
                hash = await rows.FindHashAsync(path.Child(entry.Name), entry, cancellationToken);
                yield return entry;
            }
        }
    }

    private static async ValueTask<Reply> SendAsync(Session session, ListSelection selection, LineWriter write, CancellationToken cancellationToken)
    {
        int reserve = ListingFormat.MaxLine + Encoding.UTF8.GetMaxByteCount(selection.Prefix.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(64 * 1024, reserve));
        try
        {
            await using DataConnection data = await DataConnection.OpenAsync(session, Replies.Opening, cancellationToken);
            int filled = 0;
            await foreach (FileEntry entry in selection.Entries.WithCancellation(cancellationToken))
            {
                filled += write(buffer.AsSpan(filled), entry);
                if (buffer.Length - filled < reserve)
                {
                    await data.SendAsync(buffer.AsMemory(0, filled), cancellationToken);
                    filled = 0;
                }
            }

            await data.SendAsync(buffer.AsMemory(0, filled), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await data.FinishAsync(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Replies.Transferred;
    }
}
