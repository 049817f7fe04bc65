using System.Buffers;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Uploads one text file in ASCII mode. The server's final reply is the only proof, because the length on the server is another one.</summary>
internal sealed class AsciiUpload(ConnectionPool pool, string path, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 64 * 1024;

    public async Task<FtpTransferResult> RunAsync(UploadSource source, CancellationToken cancellationToken)
    {
        AsciiMode.Validate(options);
        meter.Whole = source.Length;
        meter.Enter(FtpPhase.Connecting);
        return await TargetLookup.RunAsync(
            work => pool.RunAsync(work, cancellationToken),
            path,
            options.Overwrite,
            async (connection, token) =>
            {
                FtpReply reply = await AsciiMode.RunAsync(connection, () => SendAsync(connection, source, token), token).ConfigureAwait(false);
                return new FtpTransferResult(path, meter.Bytes, meter.Elapsed, reply);
            }).ConfigureAwait(false);
    }

    private async Task<FtpReply> SendAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        FtpDataStream data = await AccountCommand.RunAsync(
            connection, () => connection.OpenDataAsync("STOR", path, 0, FtpDataDirection.Send, cancellationToken), cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            meter.Enter(FtpPhase.Transferring);
            await CopyAsync(data, source, cancellationToken).ConfigureAwait(false);
            if (source is { File: not null, Length: { } length } && length != meter.Bytes)
            {
                // The local file changed meanwhile. Without the end of the data, the server does not take it for whole.
                throw new FtpIntegrityException(path, length, meter.Bytes);
            }

            meter.Enter(FtpPhase.AwaitingReply);
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
            for (int read; (read = await source.Read(text.AsMemory(0, BufferLength), cancellationToken).ConfigureAwait(false)) > 0;)
            {
                int length = translator.ToWire(text.AsSpan(0, read), wire);
                await data.WriteAsync(wire.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                meter.Add(read);
            }
        }
        finally
        {
            meter.Tell();
            ArrayPool<byte>.Shared.Return(text);
            ArrayPool<byte>.Shared.Return(wire);
        }
    }
}
