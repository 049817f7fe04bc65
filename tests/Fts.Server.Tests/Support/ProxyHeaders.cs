using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Server.Tests.Support;

/// <summary>What a balancer writes before it passes a connection on.</summary>
internal static class ProxyHeaders
{
    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>LOCAL: the balancer looks whether the server is well.</summary>
    public static byte[] HealthCheck => [.. Signature, 0x20, 0, 0, 0];

    /// <summary>Version 1.</summary>
    public static byte[] Text(IPEndPoint client, IPEndPoint server) => Encoding.ASCII.GetBytes(
        $"PROXY {(client.AddressFamily == AddressFamily.InterNetwork ? "TCP4" : "TCP6")} {client.Address} {server.Address} {client.Port} {server.Port}\r\n");

    /// <summary>Version 2, with so many bytes of additions (TLVs) behind the addresses.</summary>
    public static byte[] Binary(IPEndPoint client, IPEndPoint server, int additions = 0)
    {
        byte[] rest = [.. client.Address.GetAddressBytes(), .. server.Address.GetAddressBytes(), .. Port(client.Port), .. Port(server.Port),
            .. new byte[additions]];
        return [.. Signature, 0x21, (byte)(client.AddressFamily == AddressFamily.InterNetwork ? 0x11 : 0x21), .. Port(rest.Length),
            .. rest];
    }

    /// <summary>Of a client that connected to this address of the balancer's.</summary>
    public static byte[] Create(string client, string server = "198.51.100.1") =>
        Text(IPEndPoint.Parse($"{AddBrackets(client)}:4711"), IPEndPoint.Parse($"{AddBrackets(server)}:21"));

    private static string AddBrackets(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

    private static byte[] Port(int number) => [(byte)(number >> 8), (byte)number];
}
