using System.Globalization;
using System.Net;
using System.Text;

namespace Fts.Client;

/// <summary>How a proxy is spoken to.</summary>
public enum FtpProxyKind
{
    /// <summary>SOCKS version 5 (RFC 1928), with a user name and password where they are given (RFC 1929).</summary>
    Socks5,
    /// <summary>The CONNECT method of HTTP (RFC 9110 §9.3.6), with basic authentication where a user is given (RFC 7617).</summary>
    HttpConnect,
}

/// <summary>
/// A proxy that both the control connection and the data connections go through. The server's name is resolved by the proxy, never on this side. Data
/// connections are passive only: nobody can connect to this side through it.
/// </summary>
/// <remarks>
/// A password goes to the proxy in plain. A transfer that is cut off ends as the proxy ends it: one that turns a reset into an orderly close can make a
/// server without TLS take half an upload for whole.
/// </remarks>
/// <param name="Kind">How it is spoken to.</param>
/// <param name="Host">Its name or address.</param>
/// <param name="Port">Its port, 1 to 65535.</param>
public sealed record FtpProxy(FtpProxyKind Kind, string Host, int Port)
{
    /// <summary>Who uses the proxy; null for nobody in particular. No longer than 255 bytes in UTF-8; for HTTP without a colon.</summary>
    public string? UserName { get; init; }

    /// <summary>The password of <see cref="UserName"/>, no longer than 255 bytes in UTF-8. Not used without a name.</summary>
    public string Password { get; init; } = "";

    /// <summary>The proxy as a URL; never the password.</summary>
    public override string ToString()
    {
        string host = Host.Contains(':') ? $"[{Host}]" : Host;
        string user = UserName is null ? "" : $"{UserName}@";
        return string.Create(CultureInfo.InvariantCulture, $"{(Kind == FtpProxyKind.Socks5 ? "socks5" : "http")}://{user}{host}:{Port}");
    }

    /// <summary>A host as a proxy is told it: an address without its scope, which means nothing to another machine, or a name in ASCII.</summary>
    /// <exception cref="ArgumentException">Neither; in a line of HTTP it could be anything.</exception>
    internal static string NormalizeHost(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            return new IPAddress(address.GetAddressBytes()).ToString();
        }

        string name = new IdnMapping().GetAscii(host.TrimEnd('.'));
        return name.Length <= 255 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')
            ? name
            : throw new ArgumentException("Through a proxy, the host must be an address or a name of letters, digits, hyphens and dots.", nameof(host));
    }

    /// <exception cref="ArgumentException">A value that cannot work; the message names it.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Host);
        ArgumentOutOfRangeException.ThrowIfLessThan(Port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        ArgumentNullException.ThrowIfNull(Password);
        if (!Enum.IsDefined(Kind))
        {
            throw new ArgumentOutOfRangeException(nameof(Kind), Kind, "Socks5 or HttpConnect.");
        }

        // One byte tells each length (RFC 1929 §2); in HTTP the first colon ends the name (RFC 7617 §2).
        if (UserName is { } name && (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > 255 || (Kind == FtpProxyKind.HttpConnect && name.Contains(':'))))
        {
            throw new ArgumentException("A proxy's user name has 1 to 255 bytes, and for HTTP no colon.", nameof(UserName));
        }

        if (Encoding.UTF8.GetByteCount(Password) > 255)
        {
            throw new ArgumentException("A proxy's password has no more than 255 bytes.", nameof(Password));
        }

        if ((UserName + Password).Any(char.IsControl))
        {
            throw new ArgumentException("A proxy's user name and password hold no control characters.", nameof(Password));
        }
    }
}
