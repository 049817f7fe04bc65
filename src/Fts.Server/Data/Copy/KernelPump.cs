using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Fts.Native;
using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>
/// The kernel copies: sendfile(2) for downloads, splice(2) through a pipe for uploads, on pump threads that block in it. Half the processor time of
/// read and send (bench: get, put). Ending the transfer shuts its socket down, which ends the call.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelPump(PortablePump portable, long minKernelBytes) : IPump
{
    /// <summary>Bytes per call: enough to make the call's cost vanish, few enough to see progress.</summary>
    private const int ChunkBytes = 1024 * 1024;

    // Of all servers in the process.
    private static readonly PumpThreads Threads = new(maxThreads: 64);

    public async ValueTask SendAsync(Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken)
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

    /// <summary>A thread and a pipe for a small file would cost three times the whole transfer: only what turns out to be large goes that way.</summary>
    public async ValueTask ReceiveAsync(Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken)
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
            if (pipe.HeldBytes > 0)
            {
                // The kernel would not write to this file: the store does, or says in its own words why it cannot either (no space, quota).
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
                throw new StoreException("The file shrank while it was read.");
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

    /// <summary>Receives to the end, or until the file takes no more: then the pipe holds what came last.</summary>
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
    /// Lets calls on the socket wait in the kernel, or not: .NET made it non-blocking at its first asynchronous call, and must find it so if it is asked again.
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

    /// <summary>Returns the exception for a failed call. The error number shows whether the connection or the file failed.</summary>
    private static Exception CreateException(string call)
    {
        string message = $"{call}: {Marshal.GetLastPInvokeErrorMessage()}";
        return NonBlockingSocket.GetSocketError(Marshal.GetLastPInvokeError()) is { } error ? new IOException(message, new SocketException((int)error)) : new StoreException(message);
    }
}
