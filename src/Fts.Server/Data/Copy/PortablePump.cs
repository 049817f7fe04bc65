using System.Buffers;
using Fts.Storage;

namespace Fts.Server.Data.Copy;

/// <summary>
/// Copies by read and send, or receive and write, on every system and for every store. It also copies small files, which need one read and
/// one send.
/// </summary>
internal sealed class PortablePump : IPump
{
    /// <summary>
    /// The buffer sizes for large and small files. Large files with smaller buffers need 20 to 45 % more CPU time; larger buffers do
    /// not save more (bench: get, put).
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

            await data.SendAsync(buffer.AsMemory(0, read), cancellationToken);
            (offset, remaining) = (offset + read, remaining - read);
        }

        // Not after an exception: a cancelled read of the store may still use the buffer.
        ArrayPool<byte>.Shared.Return(buffer);
    }

    public async ValueTask ReceiveAsync(
        Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken) =>
        await ReceiveUpToAsync(data, file, offset, long.MaxValue, cancellationToken);

    /// <summary>Receives until the end of the data, or until at least <paramref name="limit"/> bytes have been received.</summary>
    /// <remarks>
    /// Bytes that have already arrived are written together. Received bytes are written before the wait for more, so that they survive the
    /// loss of the connection.
    /// </remarks>
    public static async ValueTask<ReceiveProgress> ReceiveUpToAsync(
        DataConnection data, IFileWriter file, long offset, long limit, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SmallBufferBytes);
        long start = offset, end = limit > long.MaxValue - offset ? long.MaxValue : offset + limit;
        int filled = 0; // bytes in the buffer that are not written yet
        bool isComplete = false;
        await data.SendPreliminaryReplyAsync(cancellationToken);
        while (!isComplete && offset + filled < end)
        {
            ValueTask<int> receiving = data.ReceiveAsync(buffer.AsMemory(filled), cancellationToken);
            if (!receiving.IsCompletedSuccessfully && filled > 0)
            {
                // The store only reads the first part of the buffer, and the connection fills the rest of it.
                Task<int> received = receiving.AsTask();
                await WriteDuringReceiveAsync(file, offset, buffer.AsMemory(0, filled), received, cancellationToken);
                int length = await received;
                isComplete = length == 0;
                buffer.AsSpan(filled, length).CopyTo(buffer);
                (offset, filled) = (offset + filled, length);
            }
            else
            {
                int length = await receiving;
                isComplete = length == 0;
                filled += length;
            }

            if (filled == buffer.Length)
            {
                await file.WriteAsync(offset, buffer, cancellationToken);
                (offset, filled) = (offset + filled, 0);
                buffer = GrowIfLarge(buffer, offset - start);
            }
        }

        if (filled > 0)
        {
            await file.WriteAsync(offset, buffer.AsMemory(0, filled), cancellationToken);
        }

        // Not after an exception: a cancelled write of the store may still use the buffer.
        ArrayPool<byte>.Shared.Return(buffer);
        return new ReceiveProgress(offset + filled, isComplete);
    }

    /// <summary>Writes while a receive is pending. If the write fails, the result of the receive is ignored.</summary>
    private static async ValueTask WriteDuringReceiveAsync(
        IFileWriter file, long offset, ReadOnlyMemory<byte> bytes, Task<int> receiving, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(offset, bytes, cancellationToken);
        }
        catch
        {
            _ = receiving.ContinueWith(
                static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Returns a larger buffer, and releases the empty one, if the upload is large.</summary>
    private static byte[] GrowIfLarge(byte[] buffer, long receivedBytes)
    {
        if (buffer.Length >= LargeBufferBytes || receivedBytes <= SmallBufferBytes)
        {
            return buffer;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return ArrayPool<byte>.Shared.Rent(LargeBufferBytes);
    }
}

/// <summary>The progress of an upload.</summary>
/// <param name="Offset">The file offset after the last received byte.</param>
/// <param name="IsComplete">Whether the end of the data was received.</param>
internal readonly record struct ReceiveProgress(long Offset, bool IsComplete);
