using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Fts.Native;
using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>
/// The pump that copies within the kernel: downloads by sendfile(2), uploads by splice(2) through a pipe. It needs half the CPU time of
/// <see cref="PortablePump"/> (bench: get, put). Pump threads block in these calls. <see cref="Transfer.Abort"/> ends a blocked call,
/// because it shuts the socket down.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelPump(PortablePump portable, long minKernelBytes) : IPump
{
    /// <summary>
    /// How long an aborted transfer waits for its pump thread. The shutdown of the socket ends the thread's call at once, unless the disk
    /// hangs.
    /// </summary>
    private static readonly TimeSpan MaxAbortTime = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The maximum number of bytes that one splice(2) receives. The cost of the call is negligible for so many bytes, and progress is
    /// reported often.
    /// </summary>
    private const int ReceiveChunkBytes = 1024 * 1024;

    /// <summary>The maximum number of bytes that one sendfile(2) sends. Larger and smaller calls were slower (bench: get-copy).</summary>
    private const int SendChunkBytes = 256 * 1024;

    // All servers in the process share these threads.
    private static readonly PumpThreads Threads = new(maxThreads: 64);

    public async ValueTask SendAsync(
        Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken)
    {
        await data.SendPreliminaryReplyAsync(cancellationToken);
        if (Threads.TryRun(() => Send(transfer, data.Socket, file.Handle!, offset, file.Length)) is { } sending)
        {
            await WaitAsync(sending, data, cancellationToken);
        }
        else
        {
            await portable.SendAsync(transfer, data, file, offset, cancellationToken);
        }
    }

    /// <summary>
    /// Receives the first bytes with the portable pump, and the remaining bytes of a large file within the kernel. For a small file, a
    /// thread and a pipe would cost three times as much as the whole transfer.
    /// </summary>
    public async ValueTask ReceiveAsync(
        Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken)
    {
        ReceiveProgress start = await PortablePump.ReceiveUpToAsync(data, file, offset, minKernelBytes, cancellationToken);
        if (start.HasDataEnded)
        {
            return;
        }

        offset = start.Offset;
        if (SplicePipe.TryRent() is not { } pipe)
        {
            await portable.ReceiveAsync(transfer, data, file, offset, cancellationToken);
            return;
        }

        Task? receiving = null;
        try
        {
            receiving = Threads.TryRun(() => Receive(transfer, data.Socket, file, pipe, ref offset));
            if (receiving is null)
            {
                await portable.ReceiveAsync(transfer, data, file, offset, cancellationToken);
                return;
            }

            await WaitAsync(receiving, data, cancellationToken);
            if (pipe.BufferedBytes > 0)
            {
                // The kernel could not write to the file. The store writes the bytes in the pipe, or throws an exception with the reason,
                // for example that no space is left.
                offset = await pipe.WriteToStoreAsync(file, offset, cancellationToken);
                SetBlocking(data.Socket, false);
                await portable.ReceiveAsync(transfer, data, file, offset, cancellationToken);
            }
        }
        finally
        {
            if (receiving is { IsCompleted: false })
            {
                _ = receiving.ContinueWith(_ => pipe.Dispose(), TaskScheduler.Default); // the pump thread still uses the pipe
            }
            else
            {
                pipe.Return();
            }
        }
    }

    /// <summary>Waits for the pump thread. After an abort, waits only for a limited time, because the disk may hang.</summary>
    private static async Task WaitAsync(Task copying, DataConnection data, CancellationToken cancellationToken)
    {
        data.RunningCopy = copying;
        try
        {
            await copying.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!copying.IsCompleted)
        {
            try
            {
                await copying.WaitAsync(MaxAbortTime, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Sends the bytes of the file from one offset to another. Blocks the calling pump thread.</summary>
    /// <remarks>
    /// A blocking sendfile(2) resumes as soon as a little space is free in the send buffer. poll(2) returns only when a third is free, and
    /// one download is then 1.5 times as fast (bench: get, get-copy).
    /// </remarks>
    private static void Send(Transfer transfer, Socket socket, SafeFileHandle file, long offset, long end)
    {
        SetBlocking(socket, false);
        while (offset < end)
        {
            nint sent = SocketCalls.Sendfile(socket.SafeHandle, file, ref offset, (nuint)Math.Min(SendChunkBytes, end - offset));
            if (sent == 0)
            {
                throw new StoreException("The file was truncated while it was read.");
            }

            if (sent > 0)
            {
                transfer.AddBytes(sent);
            }
            else if (Marshal.GetLastPInvokeError() == Errno.EAGAIN)
            {
                socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectWrite); // also returns if the socket is shut down
            }
            else if (Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw CreateException("sendfile");
            }
        }
    }

    /// <summary>
    /// Receives until the end of the data, or until a write to the file fails. After a failed write, the pipe holds the unwritten bytes.
    /// Blocks the calling pump thread.
    /// </summary>
    private static void Receive(Transfer transfer, Socket socket, IFileWriter file, SplicePipe pipe, ref long offset)
    {
        SafeFileHandle handle = file.Handle!;
        long handleOffset = file.HandleOffset;
        SetBlocking(socket, true);
        nint received;
        while ((received = pipe.Fill(socket, ReceiveChunkBytes)) != 0)
        {
            if (received > 0)
            {
                transfer.AddBytes(received);
                file.PrepareHandleWrite(offset + received);
                long position = offset - handleOffset;
                bool isDrained = pipe.TryDrain(handle, ref position);
                offset = position + handleOffset;
                if (!isDrained)
                {
                    return;
                }
            }
            else if (Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw CreateException("splice");
            }
        }
    }

    /// <summary>
    /// Makes the socket blocking or non-blocking. .NET makes a socket non-blocking at its first asynchronous call. The socket must be
    /// non-blocking again before the next asynchronous call.
    /// </summary>
    private static void SetBlocking(Socket socket, bool isBlocking)
    {
        int flags = FileCalls.Fcntl(socket.SafeHandle, FileCalls.F_GETFL, 0);
        int wanted = isBlocking ? flags & ~FileCalls.O_NONBLOCK : flags | FileCalls.O_NONBLOCK;
        if (flags < 0 || FileCalls.Fcntl(socket.SafeHandle, FileCalls.F_SETFL, wanted) < 0)
        {
            throw CreateException("fcntl");
        }
    }

    /// <summary>
    /// Returns the exception for a failed system call. The error number determines whether the connection or the file failed.
    /// </summary>
    private static Exception CreateException(string call)
    {
        string message = $"{call} failed: {Marshal.GetLastPInvokeErrorMessage()}";
        return NonBlockingSocket.GetSocketError(Marshal.GetLastPInvokeError()) is { } error
            ? new IOException(message, new SocketException((int)error))
            : new StoreException(message);
    }
}
