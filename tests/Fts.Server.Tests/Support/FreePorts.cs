using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Tests.Support;

/// <summary>Finds free ports for servers with a configured range.</summary>
internal static class FreePorts
{
    /// <summary>
    /// Returns a range of free ports. It is below the ephemeral ports, so that the system does not assign one of them before the server
    /// binds it.
    /// </summary>
    public static FtpPassivePorts FindRange(int count)
    {
        while (true)
        {
            int first = Random.Shared.Next(12_000, 32_000 - count);
            if (Enumerable.Range(first, count).All(IsFree))
            {
                return new FtpPassivePorts(first, first + count - 1);
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
