using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Server.Data;
using Fts.Server.Listings;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>Sends listings over the data connection: LIST, NLST and MLSD (RFC 959 §4.1.3, RFC 1123 §4.1.2.7, RFC 3659 §7).</summary>
internal static class ListCommands
{
    /// <summary>
    /// The maximum number of bytes of a heading: the path that the client sent, the path of a subdirectory, and the line ends. A UTF-16
    /// code unit of a path needs at most 3 bytes in UTF-8.
    /// </summary>
    private const int MaxHeadingBytes = (2 * 3 * StorePath.MaxLength) + 16;

    /// <summary>Writes the line of an entry, and returns the number of bytes written.</summary>
    private delegate int LineWriter(Span<byte> line, in FileEntry entry);

    /// <summary>LIST: sends a listing in the format of <c>ls -l</c>.</summary>
    public static async ValueTask<FtpReply> ListAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        var rows = ListingRows.WithoutPermissions(session);
        DateTime now = DateTime.UtcNow;
        if (await ListSelection.OpenAsync(session, argument, cancellationToken) is not { } selection)
        {
            return Replies.BadName;
        }

        return await SendListingAsync(session, selection, WriteLine, cancellationToken);

        int WriteLine(Span<byte> line, in FileEntry entry) => ListingFormatter.WriteUnix(line, rows.Create(entry), now);
    }

    /// <summary>NLST: sends names. Each starts with the path that the client sent, so that the client can use it for RETR.</summary>
    public static async ValueTask<FtpReply> NameListAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (await ListSelection.OpenAsync(session, argument, cancellationToken) is not { } selection)
        {
            return Replies.BadName;
        }

        byte[] prefix = EscapedUtf8.GetBytes(selection.Prefix);
        return await SendListingAsync(session, selection, WriteName, cancellationToken, EnterDirectory);

        void EnterDirectory(string heading) =>
            prefix = heading == "." ? [] : EscapedUtf8.GetBytes(heading.EndsWith('/') ? heading : heading + "/");

        int WriteName(Span<byte> line, in FileEntry entry)
        {
            prefix.CopyTo(line);
            int at = prefix.Length + EscapedUtf8.GetBytes(entry.Name, line[prefix.Length..]);
            "\r\n"u8.CopyTo(line[at..]);
            return at + 2;
        }
    }

    /// <summary>MLSD: sends the entries of a directory with their facts (RFC 3659 §7.2).</summary>
    public static async ValueTask<FtpReply> MachineListAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Resolve(argument) is not { } path)
        {
            return Replies.BadName;
        }

        if (await session.Files!.GetEntryAsync(path, cancellationToken) is { Kind: not EntryKind.Directory })
        {
            return Replies.NotADirectoryParameter; // RFC 3659 §7.2.1
        }

        var rows = ListingRows.ForDirectory(session, path);
        MlsxFacts facts = session.Facts;
        byte[]? hash = null; // the cached hash of the entry that WriteLine writes next
        IAsyncEnumerable<FileEntry> entries = await session.Files.ListAsync(path, cancellationToken);
        var selection = new ListSelection(facts.HasFlag(MlsxFacts.Sha256) ? ReadHashes(entries, cancellationToken) : entries, "");
        return await SendListingAsync(session, selection, WriteLine, cancellationToken);

        int WriteLine(Span<byte> line, in FileEntry entry) => ListingFormatter.WriteMlsx(line, rows.Create(entry, hash), facts);

        // Reads the cached hash of each entry before WriteLine writes the entry.
        async IAsyncEnumerable<FileEntry> ReadHashes(
            IAsyncEnumerable<FileEntry> entries, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (FileEntry entry in entries.WithCancellation(cancellationToken))
            {
                hash = await rows.GetCachedHashAsync(path.Child(entry.Name), entry, cancellationToken);
                yield return entry;
            }
        }
    }

    /// <summary>Opens the data connection, sends the listing and returns the final reply.</summary>
    /// <param name="session">The session.</param>
    /// <param name="selection">The entries and the options.</param>
    /// <param name="write">Writes the line of an entry.</param>
    /// <param name="cancellationToken">Cancels the transfer.</param>
    /// <param name="enterDirectory">Called with the heading of each directory of a recursive listing, before its entries.</param>
    private static async ValueTask<FtpReply> SendListingAsync(
        Session session, ListSelection selection, LineWriter write, CancellationToken cancellationToken,
        Action<string>? enterDirectory = null)
    {
        int maxPrefixBytes = Encoding.UTF8.GetMaxByteCount(selection.Prefix.Length);
        int maxLineBytes = ListingFormatter.MaxLineLength + Math.Max(maxPrefixBytes, selection.Options.IsRecursive ? MaxHeadingBytes : 0);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(64 * 1024, maxLineBytes));
        var sorter = new ListSorter(selection.Options, session.Server.Options.MaxSortedEntriesPerListing, session.Server.SortingBudget);
        FtpReply? incompleteReply = null;
        try
        {
            await using DataConnection data = await DataConnection.OpenAsync(session, Replies.OpeningDataConnection, cancellationToken);
            await data.FlushRepliesIfWaitingAsync(isCompleted: false, cancellationToken); // reading a directory can take long
            int filled = 0;
            async ValueTask SendFilledAsync()
            {
                await data.SendAsync(buffer.AsMemory(0, filled), cancellationToken);
                filled = 0;
            }

            if (selection is { Options.IsRecursive: true, Directory: { } directory })
            {
                var tree = new RecursiveListing(session, sorter);
                string name = GetHeadingName(selection);
                await foreach (ListedItem item in tree.ReadAsync(directory, selection.Entries, name, depth: 0, cancellationToken))
                {
                    if (item.Heading is { } heading)
                    {
                        enterDirectory?.Invoke(heading);
                        filled += WriteHeading(buffer.AsSpan(filled), heading, isFirst: tree.HeadingCount == 1);
                    }
                    else
                    {
                        filled += write(buffer.AsSpan(filled), item.Entry);
                    }

                    if (buffer.Length - filled < maxLineBytes)
                    {
                        await SendFilledAsync();
                    }
                }

                incompleteReply = tree.IncompleteReply;
            }
            else
            {
                await foreach (FileEntry entry in sorter.Sort(selection.Entries).WithCancellation(cancellationToken))
                {
                    filled += write(buffer.AsSpan(filled), entry);
                    if (buffer.Length - filled < maxLineBytes)
                    {
                        await SendFilledAsync();
                    }
                }
            }

            await SendFilledAsync();
            cancellationToken.ThrowIfCancellationRequested();
            await data.FinishAsync(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return incompleteReply ?? sorter.UnsortedReply ?? Replies.TransferComplete;
    }

    /// <summary>Returns the name in the heading of the listed directory: the path that the client sent, or a dot if it sent none.</summary>
    private static string GetHeadingName(ListSelection selection) =>
        selection.Prefix.Length == 0 ? "." : selection.Prefix.TrimEnd('/') is { Length: > 0 } name ? name : "/";

    /// <summary>Writes a heading. An empty line precedes every heading except the first. Returns the number of bytes written.</summary>
    private static int WriteHeading(Span<byte> line, string heading, bool isFirst)
    {
        int at = 0;
        if (!isFirst)
        {
            "\r\n"u8.CopyTo(line);
            at = 2;
        }

        at += EscapedUtf8.GetBytes(heading, line[at..]);
        ":\r\n"u8.CopyTo(line[at..]);
        return at + 3;
    }
}
