using System.Globalization;
using System.Net;
using System.Text;

namespace Fts.Client;

/// <summary>The protocol of a proxy.</summary>
public enum FtpProxyKind
{
    /// <summary>SOCKS version 5 (RFC 1928), with user name and password authentication (RFC 1929) if a user name is set.</summary>
    Socks5,
    /// <summary>The CONNECT method of HTTP (RFC 9110 §9.3.6), with basic authentication (RFC 7617) if a user name is set.</summary>
    HttpConnect,
}

/// <summary>
/// A proxy for the control connection and the data connections. The proxy, not the client, resolves the name of the server. Only passive
/// data connections are supported, because the server cannot connect to the client through the proxy.
/// </summary>
/// <remarks>
/// The password is sent to the proxy unencrypted. Some proxies convert a reset into an orderly close. Without TLS, the server then treats
/// an interrupted upload as complete.
/// </remarks>
/// <param name="Kind">The protocol.</param>
/// <param name="Host">The name or address of the proxy.</param>
/// <param name="Port">The port of the proxy, 1 to 65535.</param>
public sealed record FtpProxy(FtpProxyKind Kind, string Host, int Port)
{
    /// <summary>
    /// The user name for the proxy, 1 to 255 bytes in UTF-8; null for no authentication. For an HTTP proxy, it must not contain a colon.
    /// </summary>
    public string? UserName { get; init; }

    /// <summary>The password for the proxy, at most 255 bytes in UTF-8. Not sent if <see cref="UserName"/> is null.</summary>
    public string Password { get; init; } = "";

    /// <summary>Returns the proxy as a URL without the password.</summary>
    public override string ToString()
    {
        string host = Host.Contains(':') ? $"[{Host}]" : Host;
        string user = UserName is null ? "" : $"{UserName}@";
        return string.Create(CultureInfo.InvariantCulture, $"{(Kind == FtpProxyKind.Socks5 ? "socks5" : "http")}://{user}{host}:{Port}");
    }

    /// <summary>
    /// Returns a host in the form that is sent to a proxy: a name in ASCII, or an address without its scope, because a scope is valid on
    /// this machine only.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The host contains characters that are not valid in a host name and could change an HTTP request.
    /// </exception>
    internal static string NormalizeHost(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return new IPAddress(address.GetAddressBytes()).ToString();
        }

        string name = new IdnMapping().GetAscii(host.TrimEnd('.'));
        return name.Length <= 255 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
            ? name
            : throw new ArgumentException(
                "With a proxy, the host must be an address or a name of letters, digits, hyphens, underscores and dots.", nameof(host));
    }

    /// <summary>Validates the properties.</summary>
    /// <exception cref="ArgumentException">A value is invalid. The message contains the name of the property.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Host);
        ArgumentOutOfRangeException.ThrowIfLessThan(Port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        ArgumentNullException.ThrowIfNull(Password);
        if (!Enum.IsDefined(Kind))
        {
            throw new ArgumentOutOfRangeException(nameof(Kind), Kind, "The kind must be Socks5 or HttpConnect.");
        }

        // SOCKS sends each length in one byte (RFC 1929 §2). In HTTP, the first colon ends the user name (RFC 7617 §2).
        if (UserName is { } name
            && (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > 255 || (Kind == FtpProxyKind.HttpConnect && name.Contains(':'))))
        {
            throw new ArgumentException("The user name for a proxy must have 1 to 255 bytes, and no colon for HTTP.", nameof(UserName));
        }

        if (Encoding.UTF8.GetByteCount(Password) > 255)
        {
            throw new ArgumentException("The password for a proxy must not exceed 255 bytes.", nameof(Password));
        }

        if ((UserName + Password).Any(char.IsControl))
        {
            throw new ArgumentException("The user name and password for a proxy must not contain control characters.", nameof(Password));
        }
    }
}
