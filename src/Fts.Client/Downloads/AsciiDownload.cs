using System.Buffers;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>Downloads one text file in ASCII mode. Without a comparable length, the end of the data and the server's final reply are the proof.</summary>
internal sealed class AsciiDownload(ConnectionPool pool, string path, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 64 * 1024;

    public async Task<FtpTransferResult> DownloadToFileAsync(string target, CancellationToken cancellationToken)
    {
        AsciiMode.ValidateOptions(options);
        new LocalTargetCheck().Check(target);
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        meter.EnterStage(FtpTransferStage.Connecting);
        using PartialDownloadFile file = PartialDownloadFile.CreateTemporary(target);
        (FtpReply reply, DateTimeOffset? lastModified) = await ReceiveAsync(
            // The file is created when the server has begun to send, so that a missing one leaves nothing behind.
            () => file.CreateOrTruncate(null),
            (bytes, _) =>
            {
                file.Write(bytes.Span);
                return default;
            },
            cancellationToken).ConfigureAwait(false);
        meter.EnterStage(FtpTransferStage.Committing);
        file.Commit(options.PreserveLastModified ? lastModified?.UtcDateTime : null, options.Overwrite);
        return CreateResult(reply, lastModified);
    }

    public async Task<FtpTransferResult> DownloadToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        AsciiMode.ValidateOptions(options);
        meter.EnterStage(FtpTransferStage.Connecting);
        (FtpReply reply, DateTimeOffset? lastModified) = await ReceiveAsync(() => { }, target.WriteAsync, cancellationToken).ConfigureAwait(false);
        return CreateResult(reply, lastModified);
    }

    private Task<(FtpReply Reply, DateTimeOffset? LastModified)> ReceiveAsync(
        Action begin, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken) => pool.RunAsync(
        async (connection, token) =>
        {
            FtpEntry? metadata = options.SourceEntry ?? await RemoteMetadata.TryGetMetadataAsync(connection, path, options.PreserveLastModified, token).ConfigureAwait(false);
            if (metadata?.Kind == FtpEntryKind.Directory)
            {
                throw new FtpException($"{path.ToPrintable()} is a folder");
            }

            FtpReply reply = await AsciiMode.RunInAsciiAsync(connection, () => ReceiveAsync(connection, begin, write, token), token).ConfigureAwait(false);
            return (reply, metadata?.LastModified);
        },
        cancellationToken);

    private async Task<FtpReply> ReceiveAsync(
        FtpConnection connection, Action begin, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        FtpDataStream data = await connection.OpenDataAsync("RETR", path, 0, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            begin();
            meter.EnterStage(FtpTransferStage.Transferring);
            await CopyAsync(data, write, cancellationToken).ConfigureAwait(false);
            meter.EnterStage(FtpTransferStage.AwaitingReply);
            FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
            return !reply.IsCompletion ? throw new FtpReplyException(reply, data.CommandText)
                : data.IsTruncated ? throw FtpTlsException.CreateTruncated(path.ToPrintable())
                : reply;
        }
    }

    private async Task CopyAsync(FtpDataStream data, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
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

    private FtpTransferResult CreateResult(FtpReply reply, DateTimeOffset? lastModified) => new(path, meter.Bytes, meter.Elapsed, reply, lastModified);
}
