using System.Buffers;
using Fts.Client.Connections;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Uploads;

/// <summary>Uploads one text file in ASCII mode. The server's final reply is the only proof, because the length on the server is another one.</summary>
internal sealed class AsciiUpload(ConnectionPool pool, string path, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 64 * 1024;

    public async Task<FtpTransferResult> UploadAsync(UploadSource source, CancellationToken cancellationToken)
    {
        AsciiMode.ValidateOptions(options);
        meter.TotalBytes = source.Length;
        meter.EnterStage(FtpTransferStage.Connecting);
        return await RemoteTargetCheck.CheckAndRunAsync(
            work => pool.RunAsync(work, cancellationToken),
            path,
            options.Overwrite,
            async (connection, token) =>
            {
                FtpReply reply = await AsciiMode.RunInAsciiAsync(connection, () => SendAsync(connection, source, token), token).ConfigureAwait(false);
                return new FtpTransferResult(path, meter.Bytes, meter.Elapsed, reply);
            }).ConfigureAwait(false);
    }

    private async Task<FtpReply> SendAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        FtpDataStream data = await AccountCommand.RunWithAccountAsync(
            connection, () => connection.OpenDataAsync("STOR", path, 0, FtpDataDirection.Send, cancellationToken), cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            meter.EnterStage(FtpTransferStage.Transferring);
            await CopyAsync(data, source, cancellationToken).ConfigureAwait(false);
            if (source is { File: not null, Length: { } length } && length != meter.Bytes)
            {
                // The local file changed meanwhile. Without the end of the data, the server does not take it for whole.
                throw new FtpIntegrityException(path, length, meter.Bytes);
            }

            meter.EnterStage(FtpTransferStage.AwaitingReply);
            FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
            return reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
        }
    }

    private async Task CopyAsync(FtpDataStream data, UploadSource source, CancellationToken cancellationToken)
    {
        byte[] text = ArrayPool<byte>.Shared.Rent(BufferLength), wire = ArrayPool<byte>.Shared.Rent(2 * BufferLength);
        try
        {
            var translator = new AsciiTranslator();
            for (int read; (read = await source.ReadAsync(text.AsMemory(0, BufferLength), cancellationToken).ConfigureAwait(false)) > 0;)
            {
                int length = translator.ToWire(text.AsSpan(0, read), wire);
                await data.WriteAsync(wire.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                meter.AddBytes(read);
            }
        }
        finally
        {
            meter.Report();
            ArrayPool<byte>.Shared.Return(text);
            ArrayPool<byte>.Shared.Return(wire);
        }
    }
}
