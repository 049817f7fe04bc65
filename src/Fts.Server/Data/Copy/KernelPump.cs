using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Fts.Native;
using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>
/// Copies within the kernel: downloads by sendfile(2), uploads by splice(2) through a pipe. It needs half the CPU time of read and
/// send (bench: get, put). Pump threads block in these calls. <see cref="Transfer.Abort"/> shuts the socket down, which ends a call.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelPump(PortablePump portable, long minKernelBytes) : IPump
{
    /// <summary>Bytes per call. The cost of the call is then negligible, and progress is still reported often enough.</summary>
    private const int ChunkBytes = 1024 * 1024;

    // Shared by all servers in the process.
    private static readonly PumpThreads Threads = new(maxThreads: 64);

    public async ValueTask SendAsync(
        Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken)
    {
        await data.SendPreliminaryReplyAsync(cancellationToken);
        if (Threads.TryRun(() => Send(transfer, data.Socket, file.Handle!, offset, file.Length)) is { } sending)
        {
            await sending;
        }
        else
        {
            await portable.SendAsync(transfer, data, file, offset, cancellationToken);
        }
    }

    /// <summary>
    /// Receives the first bytes through the portable pump, and only the rest of a large file through the kernel. For a small file, a thread
    /// and a pipe would cost three times as much as the whole transfer.
    /// </summary>
    public async ValueTask ReceiveAsync(
        Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken)
    {
        ReceiveProgress start = await PortablePump.ReceiveUpToAsync(data, file, offset, minKernelBytes, cancellationToken);
        if (start.IsComplete)
        {
            return;
        }

        offset = start.Offset;
        if (SplicePipe.TryRent() is not { } pipe)
        {
            await portable.ReceiveAsync(transfer, data, file, offset, cancellationToken);
            return;
        }

        try
        {
            if (Threads.TryRun(() => Receive(transfer, data.Socket, file.Handle!, pipe, ref offset)) is not { } receiving)
            {
                await portable.ReceiveAsync(transfer, data, file, offset, cancellationToken);
                return;
            }

            await receiving;
            if (pipe.BufferedBytes > 0)
            {
                // The kernel could not write to the file. The store writes the rest, or throws an exception with the reason (no space,
                // quota).
                offset = await pipe.WriteToStoreAsync(file, offset, cancellationToken);
                SetBlocking(data.Socket, false);
                await portable.ReceiveAsync(transfer, data, file, offset, cancellationToken);
            }
        }
        finally
        {
            pipe.Return();
        }
    }

    private static void Send(Transfer transfer, Socket socket, SafeFileHandle file, long offset, long end)
    {
        SetBlocking(socket, true);
        while (offset < end)
        {
            nint sent = SocketCalls.Sendfile(socket.SafeHandle, file, ref offset, (nuint)Math.Min(ChunkBytes, end - offset));
            if (sent == 0)
            {
                throw new StoreException("The file was truncated while it was read.");
            }

            if (sent > 0)
            {
                transfer.AddBytes(sent);
            }
            else if (Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw CreateException("sendfile");
            }
        }
    }

    /// <summary>Receives until the end of the data, or until a write to the file fails. The pipe then holds the unwritten bytes.</summary>
    private static void Receive(Transfer transfer, Socket socket, SafeFileHandle file, SplicePipe pipe, ref long offset)
    {
        SetBlocking(socket, true);
        nint received;
        while ((received = pipe.Fill(socket, ChunkBytes)) != 0)
        {
            if (received > 0)
            {
                transfer.AddBytes(received);
                if (!pipe.TryDrain(file, ref offset))
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
    /// Makes the socket blocking or non-blocking. .NET makes a socket non-blocking at its first asynchronous call. It must be non-blocking
    /// again before the next asynchronous call.
    /// </summary>
    private static void SetBlocking(Socket socket, bool blocking)
    {
        int flags = FileCalls.Fcntl(socket.SafeHandle, FileCalls.F_GETFL, 0);
        int wanted = blocking ? flags & ~FileCalls.O_NONBLOCK : flags | FileCalls.O_NONBLOCK;
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
        string message = $"{call}: {Marshal.GetLastPInvokeErrorMessage()}";
        return NonBlockingSocket.GetSocketError(Marshal.GetLastPInvokeError()) is { } error
            ? new IOException(message, new SocketException((int)error))
            : new StoreException(message);
    }
}
