using System.Buffers;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>Sends one file: STOR, the bytes, the server's final word. When the source fails, the transfer is aborted, so that no half file looks whole.</summary>
internal sealed class Upload(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>One send; the stall timeout is the time one of these may take.</summary>
    private const int BufferLength = 128 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);

    public async Task<FtpTransferResult> FromFileAsync(string source, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = OpenSource(source);
        long position = 0;
        // A pipe or device has no length and no positions; only a FileStream asks the handle which it is.
        var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        long? length = stream.CanSeek ? stream.Length : null;
        FtpTransferResult result = await RunAsync(
            length,
            length is null
                ? stream.ReadAsync
                : (buffer, _) =>
                {
                    int read = RandomAccess.Read(handle, buffer.Span, position);
                    position += read;
                    return new ValueTask<int>(read);
                },
            cancellationToken).ConfigureAwait(false);
        return length is { } expected && expected != result.Bytes ? throw new FtpIntegrityException(path, expected, result.Bytes) : result;
    }

    public Task<FtpTransferResult> FromStreamAsync(Stream source, CancellationToken cancellationToken) =>
        RunAsync(source.CanSeek ? source.Length - source.Position : null, source.ReadAsync, cancellationToken);

    private static SafeFileHandle OpenSource(string source) =>
        Directory.Exists(source) ? throw new IOException($"{source} is a folder.") : File.OpenHandle(source, options: FileOptions.SequentialScan);

    private Task<FtpTransferResult> RunAsync(long? length, Func<Memory<byte>, CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
    {
        _meter.Total = length;
        _meter.Enter(FtpPhase.Connecting);
        return pool.RunAsync(
            async (connection, token) =>
            {
                if (!options.Overwrite && await RemoteFacts.FindAsync(connection, path, token).ConfigureAwait(false) is not null)
                {
                    throw new FtpTargetExistsException(path);
                }

                FtpDataStream data = await connection.OpenDataAsync("STOR", path, 0, FtpDataDirection.Send, token).ConfigureAwait(false);
                await using (data.ConfigureAwait(false))
                {
                    Reply reply = await SendAsync(data, read, token).ConfigureAwait(false);
                    return new FtpTransferResult(path, _meter.Bytes, _meter.Elapsed, reply);
                }
            },
            cancellationToken);
    }

    private async Task<Reply> SendAsync(FtpDataStream data, Func<Memory<byte>, CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
    {
        _meter.Enter(FtpPhase.Transferring);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (int length; (length = await read(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await data.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                _meter.Add(length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _meter.Enter(FtpPhase.AwaitingReply);
        Reply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
    }
}
