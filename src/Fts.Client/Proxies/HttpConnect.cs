using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Client.Proxies;

/// <summary>The CONNECT method of HTTP/1.1 (RFC 9110 §9.3.6, RFC 9112 §3.2.3).</summary>
internal static class HttpConnect
{
    private const int MaxQuotedCharacters = 200;

    /// <summary>Has the proxy connect to a host. The host is an address or an ASCII name, as <see cref="FtpProxy.NormalizeHost"/> gives it.</summary>
    /// <param name="wire">The connection to the proxy.</param>
    /// <param name="host">Where to.</param>
    /// <param name="port">Its port.</param>
    /// <param name="maxBytes">How many bytes the answer may have, headers included.</param>
    /// <exception cref="FtpProxyException">It does not.</exception>
    public static async Task ConnectAsync(ProxyConnection wire, string host, int port, int maxBytes)
    {
        await wire.SendAsync(CreateRequest(wire.Proxy, host, port)).ConfigureAwait(false);
        while (true)
        {
            byte[] head = await wire.ReceiveUntilAsync(maxBytes, FindHeadersEnd).ConfigureAwait(false) ?? throw wire.CreatePermanentException($"sends headers without end: more than {maxBytes} bytes");
            string line = Encoding.Latin1.GetString(head).Split('\n')[0].TrimEnd('\r');
            int status = ParseStatus(line);
            // The headers of a 2xx mean nothing here, whatever they say of a content (RFC 9110 §9.3.6).
            if (status is >= 200 and < 300)
            {
                return;
            }

            // "Early hints" and their like announce another answer.
            maxBytes -= status is >= 100 and < 200 && status != 101 ? head.Length : throw CreateRejectedException(wire, host, port, status, line);
        }
    }

    private static byte[] CreateRequest(FtpProxy proxy, string host, int port)
    {
        string bracketed = IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{host}]" : host;
        string target = string.Create(CultureInfo.InvariantCulture, $"{bracketed}:{port}");
        string credentials = proxy.UserName is null ? ""
            : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{proxy.UserName}:{proxy.Password}"))}\r\n";
        return Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{credentials}\r\n");
    }

    /// <summary>Where the empty line ends that ends the headers. A bare LF ends a line, too (RFC 9112 §2.2). What does not begin like an answer ends at once.</summary>
    private static int FindHeadersEnd(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> protocol = "HTTP/"u8;
        int compared = Math.Min(bytes.Length, protocol.Length);
        if (!bytes[..compared].SequenceEqual(protocol[..compared]))
        {
            return bytes.Length;
        }

        for (int start = 0; ;)
        {
            int length = bytes[start..].IndexOf((byte)'\n');
            if (length < 0)
            {
                return -1;
            }

            if (length == 0 || (length == 1 && bytes[start] == '\r'))
            {
                return start + length + 1;
            }

            start += length + 1;
        }
    }

    /// <summary>The three digits of <c>HTTP/1.x NNN reason</c>; 0 when the line is no such line.</summary>
    private static int ParseStatus(string line) =>
        line.Length >= 12 && (line.StartsWith("HTTP/1.0 ", StringComparison.Ordinal) || line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) &&
        (line.Length == 12 || line[12] == ' ') && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status >= 100
            ? status
            : 0;

    private static FtpProxyException CreateRejectedException(ProxyConnection wire, string host, int port, int status, string line)
    {
        string said = line.Length <= MaxQuotedCharacters ? line : $"{line[..MaxQuotedCharacters]}…";
        return status switch
        {
            0 => wire.CreatePermanentException($"does not answer as HTTP does: {said}"),
            // Some say 401 for what is 407 (RFC 9110 §15.5.8).
            401 or 407 when wire.Proxy.UserName is null => wire.CreatePermanentException($"wants to know who uses it, and no user was given: {said["HTTP/1.1 ".Length..]}"),
            401 or 407 => wire.CreatePermanentException($"refuses the user or the password: {said["HTTP/1.1 ".Length..]}"),
            _ => new FtpProxyException(wire.Proxy, $"does not connect to {host} port {port}: {said["HTTP/1.1 ".Length..]}", isTransient: status >= 500),
        };
    }
}
