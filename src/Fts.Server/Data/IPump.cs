using Fts.Storage;

namespace Fts.Server.Data;

/// <summary>An engine that copies a file's bytes over a data connection. Reports progress to the transfer as it goes.</summary>
internal interface IPump
{
    /// <summary>Sends a file from an offset to the end it had when it was opened.</summary>
    ValueTask SendAsync(Transfer transfer, DataConnection data, IFileReader file, long offset, CancellationToken cancellationToken);

    /// <summary>Receives into a pending file, from an offset on, until the peer has sent all.</summary>
    ValueTask ReceiveAsync(Transfer transfer, DataConnection data, IFileWriter file, long offset, CancellationToken cancellationToken);
}

/// <summary>Which engine moves what.</summary>
internal static class Pumps
{
    /// <summary>From here on a pump thread's work is worth waking it; a small file is faster sent by who read its command.</summary>
    public const int WorthwhileBytes = 256 * 1024;

    private static readonly PortablePump Portable = new();
    private static readonly AsciiPump Ascii = new();
    private static readonly KernelPump? Kernel = OperatingSystem.IsLinux() ? new KernelPump(Portable) : null;

    /// <summary>The engine for a download of so many bytes.</summary>
    public static IPump ForSending(bool ascii, IFileReader file, long length) =>
        ascii ? Ascii : Kernel is not null && file.Handle is not null && length > WorthwhileBytes ? Kernel : Portable;

    /// <summary>The engine for an upload.</summary>
    public static IPump ForReceiving(bool ascii, IFileWriter file) => ascii ? Ascii : Kernel is not null && file.Handle is not null ? Kernel : Portable;
}
