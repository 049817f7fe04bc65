using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Tests.Support;

/// <summary>Ports for servers that are told which to use.</summary>
internal static class FreePorts
{
    /// <summary>A range nobody listens in, below the one from which the system hands out ports, so that nothing takes one between this
    /// question and its use.</summary>
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
