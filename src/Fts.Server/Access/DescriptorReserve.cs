using System.Net.Sockets;
using Fts.Server.Data;

namespace Fts.Server.Access;

/// <summary>
/// Keeps a quarter of the process's file descriptors free of control connections, so that the sessions that exist can open data
/// connections and files however many
/// clients connect. The kernel gives each socket the lowest free number: a number in the top quarter means that all below are in use.
/// </summary>
internal sealed class DescriptorReserve
{
    private readonly long _firstReserved;

    /// <summary>Reads the limit of this process (RLIMIT_NOFILE). Elsewhere than on Linux it is unknown, and nothing is reserved.</summary>
    public DescriptorReserve()
        : this(OperatingSystem.IsLinux() ? LinuxCalls.FindDescriptorLimit() : null)
    {
    }

    /// <summary>Reserves a quarter of <paramref name="limit"/> descriptors; null for no limit.</summary>
    public DescriptorReserve(long? limit) => _firstReserved = limit is { } count ? count - (count / 4) : long.MaxValue;

    /// <summary>Whether an accepted control connection would take a descriptor of the reserve.</summary>
    public bool IsTouchedBy(Socket socket) => IsReserved(socket.Handle);

    /// <summary>Whether a descriptor belongs to the reserve.</summary>
    public bool IsReserved(nint descriptor) => descriptor >= _firstReserved;
}
