using System.Net.Sockets;
using System.Runtime.Versioning;
using Fts.Native;

namespace Fts.Server.Access;

/// <summary>
/// Reserves a quarter of the process's file descriptors for data connections and files. Control connections may not use them, so that
/// existing sessions continue to work if very many clients connect. The kernel assigns the lowest free number to each socket. A number in
/// the top quarter therefore means that all lower numbers are in use.
/// </summary>
internal sealed class DescriptorReserve
{
    private readonly long _firstReserved;

    /// <summary>
    /// Reserves a quarter of this process's limit (RLIMIT_NOFILE). On systems other than Linux, reserves nothing.
    /// </summary>
    public DescriptorReserve()
        : this(OperatingSystem.IsLinux() ? FindDescriptorLimit() : null)
    {
    }

    /// <summary>Reserves a quarter of <paramref name="limit"/> descriptors. Null reserves nothing.</summary>
    public DescriptorReserve(long? limit) => _firstReserved = limit is { } count ? count - (count / 4) : long.MaxValue;

    /// <summary>Returns whether a socket has a reserved descriptor.</summary>
    public bool Contains(Socket socket) => IsReserved(socket.Handle);

    /// <summary>Returns whether a descriptor is reserved.</summary>
    public bool IsReserved(nint descriptor) => descriptor >= _firstReserved;

    /// <summary>Returns the number of descriptors that this process may have open (RLIMIT_NOFILE). Null: unlimited or unknown.</summary>
    [SupportedOSPlatform("linux")]
    private static unsafe long? FindDescriptorLimit()
    {
        ResourceLimit limit;
        return ProcessCalls.Getrlimit(ProcessCalls.RLIMIT_NOFILE, &limit) == 0 && limit.Soft <= int.MaxValue ? (long)limit.Soft : null;
    }
}
