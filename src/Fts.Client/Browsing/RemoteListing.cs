using System.Runtime.CompilerServices;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Listings of folders over one connection: MLSD where the server has it, else LIST.</summary>
internal static class RemoteListing
{
    /// <summary>Entries as they arrive. Throws at the end when the server does not confirm the listing.</summary>
    public static async IAsyncEnumerable<FtpEntry> ReadAsync(FtpConnection connection, string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (FtpDataStream data, bool isMachine) = await OpenAsync(connection, path, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = data.ConfigureAwait(false);
        using var lines = new ListingLines(data, connection.Text, connection.Options.Limits);
        var listing = new ListingReader(DateTime.UtcNow, isMachine);
        while (await lines.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            listing.Add(line);
            while (listing.TryTake(out ListingEntry? entry))
            {
                yield return FtpEntry.In(path, entry);
            }
        }

        Reply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }

        if (data.WasCut)
        {
            throw FtpTlsException.Cut("the listing");
        }

        // Only now: what was cut off is told as that, not as a line that makes no sense.
        Complete(listing);
        while (listing.TryTake(out ListingEntry? entry))
        {
            yield return FtpEntry.In(path, entry);
        }
    }

    /// <summary>Replies that say "I do not know this command", as opposed to "not this file".</summary>
    public static bool IsUnknownCommand(Reply reply) => reply.Code is ReplyCode.SyntaxError or ReplyCode.NotImplemented or ReplyCode.ParameterNotImplemented;

    private static async Task<(FtpDataStream Data, bool IsMachine)> OpenAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        if (connection.Features.HasMachineListing && !connection.Memory.RefusesMachineListing)
        {
            try
            {
                return (await connection.OpenDataAsync("MLSD", path, 0, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false), true);
            }
            catch (FtpReplyException e) when (IsUnknownCommand(e.Reply) && e.Command.StartsWith("MLSD", StringComparison.Ordinal))
            {
                connection.Memory.RefusesMachineListing = true;
            }
        }

        // To many servers a leading hyphen means options of ls.
        string argument = path.StartsWith('-') ? $"./{path}" : path;
        return (await connection.OpenDataAsync("LIST", argument, 0, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false), false);
    }

    private static void Complete(ListingReader listing)
    {
        try
        {
            listing.Complete();
        }
        catch (ListingLineException e)
        {
            throw new FtpListingException(e.RawLine, "a line of the listing is in no known format, and no other line is either", e);
        }
    }
}
