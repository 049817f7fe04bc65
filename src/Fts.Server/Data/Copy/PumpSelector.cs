using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>An engine that copies a file's bytes over a data connection. Reports progress to the transfer as it goes.</summary>
internal interface IPump
{
    /// <summary>Sends a file from an offset to the end it had when it was opened.</summary>
    ValueTask SendAsync(Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken);

    /// <summary>Receives into a pending file, from an offset on, until the peer has sent all.</summary>
    ValueTask ReceiveAsync(Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken);
}

/// <summary>Which engine moves what.</summary>
/// <param name="minKernelBytes">From how many bytes on the kernel copies what it can; the first of an upload go through the store, which counts on that.</param>
internal sealed class PumpSelector(long minKernelBytes)
{
    /// <summary>From here on a pump thread's work is worth waking it; a small file is faster sent by who read its command.</summary>
    public const int DefaultMinKernelBytes = 256 * 1024;

    private static readonly PortablePump Portable = new();
    private static readonly AsciiPump Ascii = new();
    private readonly KernelPump? _kernel = OperatingSystem.IsLinux() ? new KernelPump(Portable, minKernelBytes) : null;

    /// <summary>The engine for a download of so many bytes.</summary>
    public IPump GetSendPump(bool ascii, DataConnection data, IFileReader file, long length) =>
        ascii ? Ascii : data.SupportsKernelCopy && _kernel is not null && file.Handle is not null && length >= minKernelBytes ? _kernel : Portable;

    /// <summary>The engine for an upload.</summary>
    public IPump GetReceivePump(bool ascii, DataConnection data, IFileWriter file) => ascii ? Ascii : data.SupportsKernelCopy && _kernel is not null && file.Handle is not null ? _kernel : Portable;
}

/// <summary>A file that ends early, for RANG: the engines send to its end. Does not own the file.</summary>
internal sealed class FileRange(IFileReader file, long end) : IFileReader
{
    public long Length { get; } = Math.Min(file.Length, end);

    public SafeFileHandle? Handle => file.Handle;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        file.ReadAsync(offset, buffer[..(int)Math.Clamp(Length - offset, 0, buffer.Length)], cancellationToken);

    public ValueTask DisposeAsync() => default;
}
