using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>Copies a file's bytes to or from a data connection.</summary>
/// <remarks>
/// <see cref="DataConnection"/> counts the bytes that pass through it. Only a pump that bypasses it counts its bytes itself.
/// </remarks>
internal interface IPump
{
    /// <summary>Sends a file from an offset to <see cref="IFileReader.Length"/>.</summary>
    ValueTask SendAsync(Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken);

    /// <summary>Receives into a staging file from an offset, until the end of the data.</summary>
    ValueTask ReceiveAsync(Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken);
}

/// <summary>Selects the pump for a transfer.</summary>
/// <param name="minKernelBytes">
/// The minimum size in bytes of a transfer that the kernel copies. The first bytes of an upload, up to this number, always pass through
/// <see cref="IFileWriter.WriteAsync"/>, as <see cref="IFileWriter.Handle"/> requires.
/// </param>
internal sealed class PumpSelector(long minKernelBytes)
{
    /// <summary>
    /// The default minimum size in bytes of a transfer that the kernel copies. For a smaller transfer, waking a pump thread costs more time
    /// than the kernel saves.
    /// </summary>
    public const int DefaultMinKernelBytes = 256 * 1024;

    private static readonly PortablePump Portable = new();
    private static readonly AsciiPump Ascii = new();
    private readonly KernelPump? _kernel = OperatingSystem.IsLinux() ? new KernelPump(Portable, minKernelBytes) : null;

    /// <summary>Returns the pump for a download of <paramref name="length"/> bytes.</summary>
    public IPump GetSendPump(bool isAscii, DataConnection data, IFileReader file, long length)
    {
        if (isAscii)
        {
            return Ascii;
        }

        bool canUseKernel = data.SupportsKernelCopy && file.Handle is not null && length >= minKernelBytes;
        return canUseKernel && _kernel is not null ? _kernel : Portable;
    }

    /// <summary>Returns the pump for an upload.</summary>
    public IPump GetReceivePump(bool isAscii, DataConnection data, IFileWriter file)
    {
        if (isAscii)
        {
            return Ascii;
        }

        bool canUseKernel = data.SupportsKernelCopy && file.Handle is not null;
        return canUseKernel && _kernel is not null ? _kernel : Portable;
    }
}

/// <summary>Limits a file to the bytes before an end offset, for a download with RANG.</summary>
/// <param name="file">The whole file. The caller disposes it.</param>
/// <param name="end">The offset after the last byte of the range.</param>
internal sealed class FileRange(IFileReader file, long end) : IFileReader
{
    public long Length { get; } = Math.Min(file.Length, end);

    public SafeFileHandle? Handle => file.Handle;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        file.ReadAsync(offset, buffer[..(int)Math.Clamp(Length - offset, 0, buffer.Length)], cancellationToken);

    public ValueTask DisposeAsync() => default;
}
