using Fts.Storage;

namespace Fts.Server.Data.Copy;

/// <summary>Selects the pump for a transfer.</summary>
/// <param name="minKernelBytes">
/// The minimum size in bytes of a transfer that the kernel copies. It must be greater than 0. An upload starts with
/// <see cref="IFileWriter.WriteAsync"/>, as <see cref="IFileWriter.Handle"/> requires. After this number of bytes, the kernel continues.
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
