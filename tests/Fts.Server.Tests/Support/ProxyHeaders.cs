using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Server.Tests.Support;

/// <summary>The PROXY headers that a load balancer sends at the start of a connection.</summary>
internal static class ProxyHeaders
{
    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>The LOCAL command: a health check by the load balancer.</summary>
    public static byte[] HealthCheck => [.. Signature, 0x20, 0, 0, 0];

    /// <summary>Returns a header of version 1.</summary>
    public static byte[] Text(IPEndPoint client, IPEndPoint server) => Encoding.ASCII.GetBytes(
        $"PROXY {(client.AddressFamily == AddressFamily.InterNetwork ? "TCP4" : "TCP6")} {client.Address} {server.Address} " +
        $"{client.Port} {server.Port}\r\n");

    /// <summary>Returns a header of version 2, with a number of extra bytes (TLVs) after the addresses.</summary>
    public static byte[] Binary(IPEndPoint client, IPEndPoint server, int extraBytes = 0)
    {
        byte[] rest = [.. client.Address.GetAddressBytes(), .. server.Address.GetAddressBytes(), .. Port(client.Port), .. Port(server.Port),
            .. new byte[extraBytes]];
        return [.. Signature, 0x21, (byte)(client.AddressFamily == AddressFamily.InterNetwork ? 0x11 : 0x21), .. Port(rest.Length),
            .. rest];
    }

    /// <summary>Returns a header for a client that connected to an address of the load balancer.</summary>
    public static byte[] Create(string client, string server = "198.51.100.1") =>
        Text(IPEndPoint.Parse($"{AddBrackets(client)}:4711"), IPEndPoint.Parse($"{AddBrackets(server)}:21"));

    private static string AddBrackets(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

    private static byte[] Port(int number) => [(byte)(number >> 8), (byte)number];
}
