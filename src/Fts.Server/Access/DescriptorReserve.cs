using System.Net.Sockets;
using System.Runtime.Versioning;
using Fts.Native;

namespace Fts.Server.Access;

/// <summary>
/// Reserves a quarter of the process's file descriptors, which control connections may not use. Existing sessions can then open data
/// connections and files, even if very many clients connect. The kernel assigns the lowest free number to each socket. A number in the top
/// quarter therefore means that all lower numbers are in use.
/// </summary>
internal sealed class DescriptorReserve
{
    private readonly long _firstReserved;

    /// <summary>
    /// Reads the limit of this process (RLIMIT_NOFILE). On systems other than Linux it is unknown, and nothing is reserved.
    /// </summary>
    public DescriptorReserve()
        : this(OperatingSystem.IsLinux() ? FindDescriptorLimit() : null)
    {
    }

    /// <summary>Reserves a quarter of <paramref name="limit"/> descriptors; null for no limit.</summary>
    public DescriptorReserve(long? limit) => _firstReserved = limit is { } count ? count - (count / 4) : long.MaxValue;

    /// <summary>Whether an accepted control connection has a descriptor of the reserve.</summary>
    public bool Contains(Socket socket) => IsReserved(socket.Handle);

    /// <summary>Whether a descriptor belongs to the reserve.</summary>
    public bool IsReserved(nint descriptor) => descriptor >= _firstReserved;

    /// <summary>Returns the number of descriptors that this process may have open (RLIMIT_NOFILE), or null if it is unlimited.</summary>
    [SupportedOSPlatform("linux")]
    private static unsafe long? FindDescriptorLimit()
    {
        ResourceLimit limit;
        return ProcessCalls.Getrlimit(ProcessCalls.RLIMIT_NOFILE, &limit) == 0 && limit.Soft <= int.MaxValue ? (long)limit.Soft : null;
    }
}
