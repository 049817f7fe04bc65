using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
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
        FtpTransferResult result = await (length is null
            ? RunAsync(null, stream.ReadAsync, null, null, cancellationToken)
            : RunAsync(
                length,
                (buffer, _) =>
                {
                    int read = RandomAccess.Read(handle, buffer.Span, position);
                    position += read;
                    return new ValueTask<int>(read);
                },
                () => position = 0,
                (offset, buffer) => RandomAccess.Read(handle, buffer.Span, offset),
                cancellationToken)).ConfigureAwait(false);
        return length is { } expected && expected != result.Bytes ? throw new FtpIntegrityException(path, expected, result.Bytes) : result;
    }

    public Task<FtpTransferResult> FromStreamAsync(Stream source, CancellationToken cancellationToken)
    {
        if (!source.CanSeek)
        {
            return RunAsync(null, source.ReadAsync, null, null, cancellationToken);
        }

        long start = source.Position;
        return RunAsync(source.Length - start, source.ReadAsync, () => source.Position = start, null, cancellationToken);
    }

    private static SafeFileHandle OpenSource(string source) =>
        Directory.Exists(source) ? throw new IOException($"{source} is a folder.") : File.OpenHandle(source, options: FileOptions.SequentialScan);

    /// <summary>Sends what <paramref name="read"/> reads; <paramref name="rewind"/> and <paramref name="sample"/> are null for a source that cannot.</summary>
    private Task<FtpTransferResult> RunAsync(
        long? length, Func<Memory<byte>, CancellationToken, ValueTask<int>> read, Action? rewind, Func<long, Memory<byte>, int>? sample, CancellationToken cancellationToken)
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

                bool deflate = DeflateChoice.ForUpload(connection, path, length, sample);
                Reply? reply = await StoreAsync(connection, deflate, rewind is not null, read, token).ConfigureAwait(false);
                if (reply is null)
                {
                    // What a server made of a compressed upload is not what was sent: again, as it is.
                    rewind!();
                    _meter.Restart();
                    reply = await StoreAsync(connection, deflate: false, canRepeat: false, read, token).ConfigureAwait(false);
                }

                return new FtpTransferResult(path, _meter.Bytes, _meter.Elapsed, reply!);
            },
            cancellationToken);
    }

    /// <summary>One STOR; null when it was compressed, came to nothing good, and can be sent again.</summary>
    private async Task<Reply?> StoreAsync(
        FtpConnection connection, bool deflate, bool canRepeat, Func<Memory<byte>, CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
    {
        FtpDataStream data = await connection.OpenDataAsync("STOR", path, 0, FtpDataDirection.Send, deflate, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = data.ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        Reply reply;
        try
        {
            reply = await SendAsync(data, read, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException) when (connection.IsDeflating && canRepeat && connection.IsUsable)
        {
            connection.Memory.Deflate.NoteLoss(path);
            return null;
        }

        DeflateChoice.Learn(connection, path, _meter.Bytes, Stopwatch.GetElapsedTime(started), []);
        if (!connection.IsDeflating || await RemoteFacts.SizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is not { } stored || stored == _meter.Bytes)
        {
            return reply;
        }

        // ProFTPD before 1.3.9 loses the end of what expands far.
        connection.Memory.RefusesDeflate = true;
        return canRepeat ? null : throw new FtpIntegrityException(path, _meter.Bytes, stored);
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
