using System.Globalization;
using System.Net;

namespace Fts.Cli;

/// <summary>The one spelling of a server in <c>known_hosts</c>, so that two spellings of a host never have two records.</summary>
internal static class ServerName
{
    /// <summary>
    /// Returns <c>host:port</c> in its one spelling: a name in small letters, as DNS has it and without a dot at its end; an address in its shortest form, IPv6 in
    /// brackets, and IPv4 also if it was written as IPv6 (<c>::ffff:127.0.0.1</c>). Returns a word without a port as it is.
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

    /// <summary>Returns whether a host is this machine by its loopback address or name, however it is spelled.</summary>
    public static bool IsLoopback(string host)
    {
        string normal = NormalizeHost(host);
        return normal == "localhost" || (IPAddress.TryParse(normal, out IPAddress? address) && IPAddress.IsLoopback(address));
    }

    private static string NormalizeHost(string host)
    {
        host = (host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host).TrimEnd('.');
        // Takes the numbers of an address as the resolver does that the client connects with: 0x7f is hexadecimal, 010 octal.
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
        }

        string name = host.ToLowerInvariant();
        try
        {
            return new IdnMapping().GetAscii(name);
        }
        catch (ArgumentException)
        {
            // Not a name in DNS. It is compared letter by letter.
            return name;
        }
    }
}
