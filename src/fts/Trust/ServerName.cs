using System.Globalization;
using System.Net;
using Fts.Protocol;

namespace Fts.Trust;

/// <summary>Normalizes the names of servers in <c>known_hosts</c>, so that two spellings of a host never have two records.</summary>
internal static class ServerName
{
    /// <summary>
    /// Returns the normal form of <c>host:port</c>. A name is in lower case, in its DNS form and without a trailing dot. An address is in
    /// its shortest form, with IPv6 in brackets and IPv4-mapped addresses (<c>::ffff:127.0.0.1</c>) as IPv4. Text without a port is
    /// returned unchanged.
    /// </summary>
    public static string Normalize(string server)
    {
        int colon = server.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(server.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            return server;
        }

        string host = NormalizeHost(server[..colon]);
        return $"{(host.Contains(':') ? $"[{host}]" : host)}:{port.ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>Returns whether a host, in any spelling, is a loopback address or <c>localhost</c>.</summary>
    public static bool IsLoopback(string host)
    {
        string normal = NormalizeHost(host);
        return normal == "localhost" || (IPAddress.TryParse(normal, out IPAddress? address) && IPAddress.IsLoopback(address));
    }

    private static string NormalizeHost(string host)
    {
        bool isBracketed = host.StartsWith('[') && host.EndsWith(']') && host.Contains(':');
        host = (isBracketed ? host[1..^1] : host).TrimEnd('.');
        // IPAddress parses numeric addresses as the client's resolver does: 0x7f is hexadecimal, 010 is octal.
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return address.UnmapIPv4().ToString();
        }

        string name = host.ToLowerInvariant();
        try
        {
            return new IdnMapping().GetAscii(name);
        }
        catch (ArgumentException)
        {
            // The name is not a valid DNS name, so it is compared as text.
            return name;
        }
    }
}
