using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Client.Proxies;

/// <summary>Connects to a host through an HTTP proxy with the CONNECT method (RFC 9110 §9.3.6, RFC 9112 §3.2.3).</summary>
internal static class HttpConnect
{
    private const int MaxQuotedCharacters = 200;

    /// <summary>Sends a CONNECT request and reads the headers of the response.</summary>
    /// <param name="connection">The connection to the proxy.</param>
    /// <param name="host">The host, in the form that <see cref="FtpProxy.NormalizeHost"/> returns.</param>
    /// <param name="port">The port of the host.</param>
    /// <param name="maxBytes">The maximum length in bytes of the headers of all responses.</param>
    /// <exception cref="FtpProxyException">The proxy did not connect to the host, or sent an invalid response.</exception>
    public static async Task ConnectAsync(ProxyConnection connection, string host, int port, int maxBytes)
    {
        await connection.SendAsync(CreateRequest(connection.Proxy, host, port)).ConfigureAwait(false);
        int remaining = maxBytes;
        while (true)
        {
            byte[] head = await connection.ReceiveUntilAsync(remaining, FindHeadersEnd).ConfigureAwait(false)
                ?? throw connection.CreatePermanentException($"sent more than {maxBytes} bytes of headers");
            string line = Encoding.Latin1.GetString(head).Split('\n')[0].TrimEnd('\r');
            int status = ParseStatus(line);
            // The headers of a 2xx response are ignored. The response has no content, even if a header announces some (RFC 9110 §9.3.6).
            if (status is >= 200 and < 300)
            {
                return;
            }

            if (status is < 100 or >= 200 or 101)
            {
                throw CreateRejectedException(connection, host, port, status, line);
            }

            // Another response follows an informational response such as 103 (Early Hints).
            remaining -= head.Length;
        }
    }

    private static byte[] CreateRequest(FtpProxy proxy, string host, int port)
    {
        bool isIPv6 = IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        string bracketed = isIPv6 ? $"[{host}]" : host;
        string target = string.Create(CultureInfo.InvariantCulture, $"{bracketed}:{port}");
        string credentials = proxy.UserName is null ? ""
            : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{proxy.UserName}:{proxy.Password}"))}\r\n";
        return Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{credentials}\r\n");
    }

    /// <summary>
    /// Returns the offset after the empty line that ends the headers, or -1 if the line has not been received yet. A bare LF also ends a
    /// line (RFC 9112 §2.2). If the data does not start like an HTTP response, returns the length of the data.
    /// </summary>
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

    /// <summary>Returns the status code of a line <c>HTTP/1.x NNN reason</c>, or 0 if the line has another form.</summary>
    private static int ParseStatus(string line) =>
        line.Length >= 12
            && (line.StartsWith("HTTP/1.0 ", StringComparison.Ordinal) || line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) &&
        (line.Length == 12 || line[12] == ' ')
            && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status) && status >= 100
            ? status
            : 0;

    private static FtpProxyException CreateRejectedException(ProxyConnection connection, string host, int port, int status, string line)
    {
        string text = line.Length <= MaxQuotedCharacters ? line : $"{line[..MaxQuotedCharacters]}…";
        if (status == 0)
        {
            return connection.CreatePermanentException($"sent an invalid HTTP response: {text}");
        }

        string reason = text["HTTP/1.1 ".Length..];
        return status switch
        {
            // Some proxies send 401 instead of 407 (RFC 9110 §15.5.8).
            401 or 407 when connection.Proxy.UserName is null =>
                connection.CreatePermanentException($"requires a user name, and none was given: {reason}"),
            401 or 407 => connection.CreatePermanentException($"rejected the user name or password: {reason}"),
            _ => new FtpProxyException(connection.Proxy, $"cannot connect to {host} port {port}: {reason}", isTransient: status >= 500),
        };
    }
}
