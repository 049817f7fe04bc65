using System.Buffers;
using Fts.Storage;

namespace Fts.Server.Data.Copy;

/// <summary>
/// The pump that copies through a buffer in the process, on every system and for every store. It also copies small files, which need one
/// read and one send.
/// </summary>
internal sealed class PortablePump : IPump
{
    /// <summary>
    /// The buffer sizes in bytes for large and small files. For large files, smaller buffers need 20 to 45 % more CPU time, and larger
    /// buffers save none (bench: get, put).
    /// </summary>
    private const int LargeBufferBytes = 256 * 1024, SmallBufferBytes = 64 * 1024;

    public async ValueTask SendAsync(
        Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken)
    {
        long remaining = file.Length - offset;
        byte[] buffer =
            ArrayPool<byte>.Shared.Rent((int)Math.Clamp(remaining, 1, remaining <= SmallBufferBytes ? SmallBufferBytes : LargeBufferBytes));
        while (remaining > 0)
        {
            ValueTask<int> reading = file.ReadAsync(offset, buffer.AsMemory(0, (int)Math.Min(remaining, buffer.Length)), cancellationToken);
            await data.FlushRepliesIfWaitingAsync(reading.IsCompleted, cancellationToken);
            int read = await reading;
            if (read == 0)
            {
                throw new StoreException("The file was truncated while it was read.");
            }

            (offset, remaining) = (offset + read, remaining - read);
            await data.SendAsync(buffer.AsMemory(0, read), isEndNext: remaining == 0, cancellationToken);
        }

        // The buffer is not returned after an exception, because a cancelled read of the store may still use it.
        ArrayPool<byte>.Shared.Return(buffer);
    }

    public async ValueTask ReceiveAsync(
        Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken) =>
        await ReceiveUpToAsync(data, file, offset, long.MaxValue, cancellationToken);

    /// <summary>Receives until the end of the data, or until at least <paramref name="limit"/> bytes have been received.</summary>
    public static async ValueTask<ReceiveProgress> ReceiveUpToAsync(
        DataConnection data, IFileWriter file, long offset, long limit, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SmallBufferBytes);
        long start = offset;
        bool hasEnded = false;
        await data.SendPreliminaryReplyAsync(cancellationToken);
        while (!hasEnded && offset - start < limit)
        {
            int received = await data.ReceiveAsync(buffer, cancellationToken);
            if (received == 0)
            {
                hasEnded = true;
                continue;
            }

            await file.WriteAsync(offset, buffer.AsMemory(0, received), cancellationToken);
            offset += received;
            if (buffer.Length < LargeBufferBytes && offset - start > SmallBufferBytes)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(LargeBufferBytes);
            }
        }

        // The buffer is not returned after an exception, because a cancelled write of the store may still use it.
        ArrayPool<byte>.Shared.Return(buffer);
        return new ReceiveProgress(offset, hasEnded);
    }
}

/// <summary>How much of an upload has been received.</summary>
/// <param name="Offset">The file offset after the last received byte.</param>
/// <param name="HasDataEnded">Whether the client has ended the data.</param>
internal readonly record struct ReceiveProgress(long Offset, bool HasDataEnded);
