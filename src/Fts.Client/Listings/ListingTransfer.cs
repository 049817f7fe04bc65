using System.Runtime.CompilerServices;
using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Listings;

/// <summary>Receives the lines of one listing. The first lines are read when the listing starts.</summary>
/// <remarks>
/// Owns the data connection. If the client entered another directory for the listing, <see cref="CompleteAsync"/> returns to the working
/// directory.
/// </remarks>
internal sealed class ListingTransfer : IAsyncDisposable
{
    private readonly FtpConnection _connection;
    private readonly FtpDataStream? _data;
    private readonly ListingLineReader? _lines;
    private readonly Queue<string> _bufferedLines = new();
    private bool _hasEnded;

    private ListingTransfer(FtpConnection connection, FtpDataStream? data, ListingCommand command)
    {
        (_connection, _data, Command, _hasEnded) = (connection, data, command, data is null);
        _lines = data is null ? null : new ListingLineReader(data, connection.Text, connection.Options.Limits);
    }

    /// <summary>The command that the server accepted.</summary>
    public ListingCommand Command { get; }

    /// <summary>Whether the client entered the listed directory (CWD), so that the command had no path.</summary>
    public bool HasEnteredDirectory { get; init; }

    /// <summary>Whether the listing has no lines. Valid until the first call of <see cref="ReadLineAsync"/>.</summary>
    public bool IsEmpty => _hasEnded && _bufferedLines.Count == 0;

    /// <summary>
    /// The line, if the listing consists of one line; otherwise null. Valid until the first call of <see cref="ReadLineAsync"/>, and only
    /// if <see cref="StartAsync"/> was called to buffer at least two lines.
    /// </summary>
    public string? OnlyLine => _hasEnded && _bufferedLines.Count == 1 ? _bufferedLines.Peek() : null;

    /// <summary>The first line, which the next read returns; null if the listing is empty.</summary>
    public string? FirstLine => _bufferedLines.TryPeek(out string? line) ? line : null;

    /// <summary>Returns an empty listing, for a directory that the server reported as empty with a negative reply.</summary>
    public static ListingTransfer CreateEmpty(FtpConnection connection, ListingCommand command) => new(connection, null, command);

    /// <summary>Sends the command and reads the first lines. If the listing has no lines, also reads the final reply.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="command">The command.</param>
    /// <param name="argument">The argument of the command.</param>
    /// <param name="linesToBuffer">The number of lines to read ahead. A shorter listing is read to its end.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <exception cref="FtpReplyException">The server rejected the command, or sent no line and a negative final reply.</exception>
    public static async Task<ListingTransfer> StartAsync(
        FtpConnection connection, ListingCommand command, string argument, int linesToBuffer, CancellationToken cancellationToken)
    {
        FtpDataStream data = await connection.OpenDataAsync(
            command.Verb, argument, 0, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false);
        var listing = new ListingTransfer(connection, data, command) { HasEnteredDirectory = connection.IsOutsideWorkingDirectory };
        try
        {
            await listing.ReadAheadAsync(data, linesToBuffer, cancellationToken).ConfigureAwait(false);
            return listing;
        }
        catch
        {
            await listing.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Returns the next line, or null at the end of the data.</summary>
    public ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken) =>
        _bufferedLines.TryDequeue(out string? line)
            ? new ValueTask<string?>(line)
            : _hasEnded || _lines is null ? default : _lines.ReadLineAsync(cancellationToken);

    /// <summary>Reads the final reply after the last line, and returns to the working directory.</summary>
    /// <exception cref="FtpReplyException">The reply is negative: the listing is not complete.</exception>
    /// <exception cref="FtpTlsException">The encrypted data ended without close_notify.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        FtpReply? reply = _data is null ? null : await _data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        await WorkingDirectory.ReturnAsync(_connection, cancellationToken).ConfigureAwait(false);
        if (reply is not null && !ListingReplies.IsConfirmation(reply))
        {
            throw new FtpReplyException(reply, _data!.CommandText);
        }

        if (_data is { IsTruncated: true })
        {
            throw FtpTlsException.CreateTruncated("the listing");
        }
    }

    /// <summary>
    /// Reads and ignores the remaining lines and the final reply, which costs less than an abort. Disposes the listing, but does not return
    /// to the working directory.
    /// </summary>
    public async Task ReadToEndAsync(CancellationToken cancellationToken)
    {
        await using ConfiguredAsyncDisposable ownership = this.ConfigureAwait(false);
        while (await ReadLineAsync(cancellationToken).ConfigureAwait(false) is not null)
        {
        }

        if (_data is not null)
        {
            await _data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_data is not null)
        {
            await _data.DisposeAsync().ConfigureAwait(false);
        }

        _lines?.Dispose();
    }

    /// <summary>Reads the first lines. If the listing has no lines, also reads the final reply.</summary>
    /// <exception cref="FtpReplyException">The listing has no lines, and the final reply is negative.</exception>
    private async Task ReadAheadAsync(FtpDataStream data, int linesToBuffer, CancellationToken cancellationToken)
    {
        while (!_hasEnded && _bufferedLines.Count < linesToBuffer)
        {
            if (await _lines!.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                _bufferedLines.Enqueue(line);
            }
            else
            {
                _hasEnded = true;
            }
        }

        if (IsEmpty)
        {
            FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
            if (!ListingReplies.IsConfirmation(reply))
            {
                throw new FtpReplyException(reply, data.CommandText);
            }
        }
    }
}
