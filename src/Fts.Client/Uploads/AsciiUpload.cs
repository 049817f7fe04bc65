using System.Buffers;
using Fts.Client.Connections;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Uploads;

/// <summary>
/// Sends one text file in ASCII mode. The stored file may have a different length, so only the final reply proves that it is complete.
/// </summary>
internal sealed class AsciiUpload(string path, ProgressMeter meter)
{
    private const int BufferLength = 64 * 1024;

    /// <summary>Sends the source to its end, and returns the final reply.</summary>
    /// <exception cref="FtpReplyException">The server rejects TYPE A or the upload.</exception>
    /// <exception cref="FtpIntegrityException">The length of the local file changed during the upload.</exception>
    public Task<FtpReply> SendAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken) =>
        AsciiMode.RunInAsciiAsync(connection, () => StoreAsync(connection, source, cancellationToken), cancellationToken);

    private async Task<FtpReply> StoreAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        FtpDataStream data = await AccountCommand.RunWithAccountAsync(
            connection, () => connection.OpenDataAsync("STOR", path, 0, FtpDataDirection.Send, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            meter.EnterStage(FtpTransferStage.Transferring);
            long read = await CopyAsync(data, source, cancellationToken).ConfigureAwait(false);
            if (source is { File: not null, Length: { } length } && length != read)
            {
                // The exception aborts the transfer, so that the server does not treat the upload as complete.
                throw new FtpIntegrityException(path, length, read);
            }

            meter.EnterStage(FtpTransferStage.AwaitingReply);
            FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
            return reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
        }
    }

    /// <summary>Sends the source to its end, and returns the number of bytes read from it.</summary>
    private async Task<long> CopyAsync(FtpDataStream data, UploadSource source, CancellationToken cancellationToken)
    {
        long total = 0;
        byte[] text = ArrayPool<byte>.Shared.Rent(BufferLength), wire = ArrayPool<byte>.Shared.Rent(2 * BufferLength);
        try
        {
            var translator = new AsciiTranslator();
            for (int read; (read = await source.ReadAsync(text.AsMemory(0, BufferLength), cancellationToken).ConfigureAwait(false)) > 0;)
            {
                int length = translator.ToWire(text.AsSpan(0, read), wire);
                await data.WriteAsync(wire.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                total += read;
                meter.AddBytes(read);
            }
        }
        finally
        {
            meter.Report();
            ArrayPool<byte>.Shared.Return(text);
            ArrayPool<byte>.Shared.Return(wire);
        }

        return total;
    }
}
