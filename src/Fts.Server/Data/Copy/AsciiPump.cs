using System.Buffers;
using Fts.Protocol;
using Fts.Storage;

namespace Fts.Server.Data.Copy;

/// <summary>The pump for the ASCII type (RFC 959 §3.1.1.1). Translates between CRLF on the wire and LF in the file.</summary>
internal sealed class AsciiPump : IPump
{
    private const int BufferBytes = 64 * 1024;

    public async ValueTask SendAsync(
        Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        byte[] wire = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        var translator = new AsciiTranslator();
        while (true)
        {
            ValueTask<int> reading = file.ReadAsync(offset, buffer, cancellationToken);
            await data.FlushRepliesIfWaitingAsync(reading.IsCompleted, cancellationToken);
            int read = await reading;
            if (read == 0)
            {
                break;
            }

            int length = translator.ToWire(buffer.AsSpan(0, read), wire);
            await data.SendAsync(wire.AsMemory(0, length), cancellationToken);
            offset += read;
        }

        // The buffers are not returned after an exception, because a cancelled read of the store may still use them.
        ArrayPool<byte>.Shared.Return(buffer);
        ArrayPool<byte>.Shared.Return(wire);
    }

    public async ValueTask ReceiveAsync(
        Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken)
    {
        byte[] wire = ArrayPool<byte>.Shared.Rent(BufferBytes);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(wire.Length + 1);
        await data.SendPreliminaryReplyAsync(cancellationToken);
        var translator = new AsciiTranslator();
        int received, length;
        while ((received = await data.ReceiveAsync(wire, cancellationToken)) > 0)
        {
            length = translator.ToFile(wire.AsSpan(0, received), buffer);
            await file.WriteAsync(offset, buffer.AsMemory(0, length), cancellationToken);
            offset += length;
        }

        length = translator.Finish(buffer);
        await file.WriteAsync(offset, buffer.AsMemory(0, length), cancellationToken);

        // The buffers are not returned after an exception, because a cancelled write of the store may still use them.
        ArrayPool<byte>.Shared.Return(wire);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
