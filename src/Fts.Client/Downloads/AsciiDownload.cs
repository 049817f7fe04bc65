using System.Buffers;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>
/// Downloads one text file in ASCII mode. The conversion of line endings changes the length, so only the end of the data and the final
/// reply indicate that the file is complete.
/// </summary>
internal sealed class AsciiDownload(ConnectionPool pool, string path, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 64 * 1024;

    /// <summary>Downloads the file to a local path, with the line endings of this system.</summary>
    public async Task<FtpTransferResult> DownloadToFileAsync(string target, CancellationToken cancellationToken)
    {
        AsciiMode.ValidateOptions(options);
        new LocalTargetCheck().ValidateTarget(Path.GetFullPath(target));
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        meter.EnterStage(FtpTransferStage.Connecting);
        using PartialDownloadFile file = PartialDownloadFile.PrepareTemporary(target);
        ReceivedText received = await pool.RunAsync(
            (connection, token) => ReceiveAsync(connection, file, file.WriteAsync, token), cancellationToken).ConfigureAwait(false);
        meter.EnterStage(FtpTransferStage.Committing);
        file.Commit(options.PreserveLastModified ? received.LastModified?.UtcDateTime : null, options.Overwrite);
        return CreateResult(received);
    }

    /// <summary>Downloads the file into a stream, with the line endings of this system.</summary>
    public async Task<FtpTransferResult> DownloadToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        AsciiMode.ValidateOptions(options);
        meter.EnterStage(FtpTransferStage.Connecting);
        ReceivedText received = await pool.RunAsync(
            (connection, token) => ReceiveAsync(connection, null, target.WriteAsync, token), cancellationToken).ConfigureAwait(false);
        return CreateResult(received);
    }

    /// <summary>Requests the metadata if it is unknown, and receives the file in ASCII mode.</summary>
    private async Task<ReceivedText> ReceiveAsync(
        FtpConnection connection,
        PartialDownloadFile? file,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
        CancellationToken cancellationToken)
    {
        FtpEntry? metadata = options.SourceEntry
            ?? await RemoteMetadata.TryGetMetadataAsync(connection, path, options.PreserveLastModified, cancellationToken)
                .ConfigureAwait(false);
        if (metadata?.Kind == FtpEntryKind.Directory)
        {
            throw new FtpException($"{path.ToPrintable()} is a folder");
        }

        FtpReply reply = await AsciiMode.RunInAsciiAsync(
            connection, () => RetrieveAsync(connection, file, write, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new ReceivedText(reply, metadata?.LastModified);
    }

    /// <summary>
    /// Sends RETR and receives the file. Creates the local file only after the server accepts RETR, so that a missing remote file leaves no
    /// local file.
    /// </summary>
    private async Task<FtpReply> RetrieveAsync(
        FtpConnection connection,
        PartialDownloadFile? file,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
        CancellationToken cancellationToken)
    {
        FtpDataStream data = await connection.OpenDataAsync("RETR", path, 0, FtpDataDirection.Receive, cancellationToken)
            .ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            file?.CreateOrTruncate(null);
            meter.EnterStage(FtpTransferStage.Transferring);
            await CopyAsync(data, write, cancellationToken).ConfigureAwait(false);
            meter.EnterStage(FtpTransferStage.AwaitingReply);
            FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
            if (!reply.IsCompletion)
            {
                throw new FtpReplyException(reply, data.CommandText);
            }

            return data.IsTruncated ? throw FtpTlsException.CreateTruncated(path.ToPrintable()) : reply;
        }
    }

    /// <summary>Converts the line endings of the received text, and writes the result.</summary>
    private async Task CopyAsync(
        FtpDataStream data, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        byte[] wire = ArrayPool<byte>.Shared.Rent(BufferLength), text = ArrayPool<byte>.Shared.Rent(BufferLength + 1);
        try
        {
            var translator = new AsciiTranslator();
            for (int read; (read = await data.ReadAsync(wire.AsMemory(0, BufferLength), cancellationToken).ConfigureAwait(false)) > 0;)
            {
                int length = AsciiMode.HasLineFeedNewLines ? translator.ToFile(wire.AsSpan(0, read), text) : read;
                await write((AsciiMode.HasLineFeedNewLines ? text : wire).AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                meter.AddBytes(length);
            }

            if (AsciiMode.HasLineFeedNewLines && translator.Finish(text) is > 0 and var last)
            {
                await write(text.AsMemory(0, last), cancellationToken).ConfigureAwait(false);
                meter.AddBytes(last);
            }
        }
        finally
        {
            meter.Report();
            ArrayPool<byte>.Shared.Return(wire);
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    private FtpTransferResult CreateResult(ReceivedText received) =>
        new(path, meter.Bytes, meter.Elapsed, received.Reply, received.LastModified);

    /// <summary>The result of a transfer that the server confirmed.</summary>
    /// <param name="Reply">The final reply.</param>
    /// <param name="LastModified">The last-modified time of the remote file, UTC; null if the server does not report it.</param>
    private readonly record struct ReceivedText(FtpReply Reply, DateTimeOffset? LastModified);
}
