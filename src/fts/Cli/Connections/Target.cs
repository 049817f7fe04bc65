using System.Net;
using System.Web;
using Fts.Client;
using Fts.Shell;

namespace Fts.Cli.Connections;

/// <summary>The server that the client connects to, and the other parts of its URL.</summary>
/// <param name="Host">The name or address. An IPv6 address has no brackets.</param>
/// <param name="Port">The port.</param>
/// <param name="User">The user; null if none is given.</param>
/// <param name="UrlPath">The path of the URL; null if it has none.</param>
internal sealed record Target(string Host, int Port, string? User, string? UrlPath)
{
    private const string TypePrefix = ";type=";

    /// <summary>The transfer type of the URL (<c>;type=a</c>, <c>;type=i</c>); null if it has none.</summary>
    public FtpTransferType? Type { get; init; }

    /// <summary>Whether the URL requests a listing (<c>;type=d</c>).</summary>
    public bool IsListing { get; init; }

    /// <summary>The scheme of the URL: <c>ftp</c>, <c>ftps</c> (implicit TLS) or <c>ftpes</c> (TLS required).</summary>
    public string Scheme { get; init; } = "ftp";

    /// <summary>The value of <c>--tls</c> that the scheme selects; null if it selects none.</summary>
    public string? TlsChoice => Scheme switch
    {
        "ftps" => "implicit",
        "ftpes" => "required",
        _ => null,
    };

    /// <summary>The default port of <c>fts server</c> and <c>fts client</c>.</summary>
    public const int DefaultPort = 65432;

    /// <summary>Whether connections start with a TLS handshake (implicit TLS). Affects the advice in error messages.</summary>
    public bool UsesImplicitTls { get; init; }

    /// <summary>Returns the host and the port, with an IPv6 address in brackets.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Returns the server that the first two arguments of <c>fts client</c> name.</summary>
    /// <exception cref="UserErrorException">The arguments are not a host and a port, or a URL.</exception>
    public static Target FromCommandLine(CommandLine line, string? user)
    {
        string first = line.Arguments.Count > 0 ? line.Arguments[0] : IPAddress.Loopback.ToString();
        if (IsUrl(first))
        {
            Target url = FromUrl(first);
            return url with { User = user ?? url.User, Port = line.GetPort(1, url.Port, allowsZero: false) };
        }

        Target target = Parse(first);
        return target with { User = user ?? target.User, Port = line.GetPort(1, target.Port, allowsZero: false) };
    }

    /// <summary>
    /// Parses a server as the user types it: a URL, or <c>user@host:port</c> without the user or the port. An IPv6 address with a port must
    /// be in brackets. The default port is <see cref="DefaultPort"/>, or that of the URL.
    /// </summary>
    /// <exception cref="UserErrorException">The text does not name a server.</exception>
    public static Target Parse(string text)
    {
        if (IsUrl(text))
        {
            return FromUrl(text);
        }

        int at = text.LastIndexOf('@');
        string? user = at > 0 ? text[..at] : null;
        if (user?.Contains(':') == true)
        {
            throw CommandLine.CreateUsageError(
                $"'{user[..user.IndexOf(':')]}:****{text[at..]}': a password in an argument is visible to every user of this machine; " +
                "set FTS_PASSWORD or use --password-file");
        }

        string server = text[(at + 1)..], host = server;
        int port = DefaultPort, bracket = server.IndexOf(']');
        int colon = server.StartsWith('[') ? server.IndexOf(':', Math.Max(bracket, 0)) : server.IndexOf(':');
        // Several colons without brackets belong to an IPv6 address.
        if (colon > 0 && (bracket > 0 || server.LastIndexOf(':') == colon))
        {
            host = server[..colon];
            port = CommandLine.ParsePort(server[(colon + 1)..], allowsZero: false);
        }

        host = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        return IsValidHost(host)
            ? new Target(host, port, user, null)
            : throw CommandLine.CreateUsageError($"'{text}' is not an IP address, a host name or an ftp:// URL");
    }

    /// <summary>Returns whether an argument has the form of a URL.</summary>
    public static bool IsUrl(string word) => word.Contains("://", StringComparison.Ordinal);

    /// <summary>
    /// Parses an <c>ftp://</c> URL. The default port is 21 (RFC 1738 §3.2). A password in the URL is an error, because every user of the
    /// machine can read it.
    /// </summary>
    /// <exception cref="UserErrorException">The URL is invalid.</exception>
    public static Target FromUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Host.Length == 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}' is not a URL");
        }

        if (url.Scheme is not ("ftp" or "ftps" or "ftpes"))
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': only ftp://, ftps:// and ftpes:// URLs are supported");
        }

        if (url.UserInfo.Contains(':'))
        {
            throw CommandLine.CreateUsageError(
                $"'{MaskPassword(text)}': a password in a URL is visible to every user of this machine; " +
                "set FTS_PASSWORD or use --password-file");
        }

        if (url.Fragment.Length > 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': write # in a name as %23");
        }

        if (url.Port == 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': port 0 is invalid");
        }

        (string path, char? type) = SplitType(url.AbsolutePath);
        // "/%2Fetc" is the absolute path /etc, and "/etc" is relative to the login folder (RFC 1738 §3.2.2).
        string urlPath = FtpName.FromBytes(HttpUtility.UrlDecodeToBytes(path.TrimStart('/').Replace("+", "%2B", StringComparison.Ordinal)));
        string user = Uri.UnescapeDataString(url.UserInfo);
        if ((user + urlPath).AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': a name cannot contain a line end or NUL");
        }

        return new Target(
            GetHost(url, text), GetPort(url), user.Length > 0 ? user : null, urlPath.Length > 0 ? urlPath : null)
        {
            Scheme = url.Scheme,
            Type = type switch
            {
                'a' => FtpTransferType.Ascii,
                'i' => FtpTransferType.Binary,
                _ => null,
            },
            IsListing = type == 'd',
        };
    }

    /// <summary>
    /// Splits a URL, or the path of a URL, before its type code (<c>;type=a</c>, RFC 1738 §3.2.2). Returns the type code as a lower-case
    /// letter, or null if there is none. A semicolon in a name is written as <c>%3B</c>.
    /// </summary>
    public static (string Path, char? Type) SplitType(string path)
    {
        int start = path.Length - TypePrefix.Length - 1;
        bool hasType = start >= 0 && path.AsSpan(start, TypePrefix.Length).Equals(TypePrefix, StringComparison.OrdinalIgnoreCase)
            && char.ToLowerInvariant(path[^1]) is 'a' or 'i' or 'd';
        return hasType ? (path[..start], char.ToLowerInvariant(path[^1])) : (path, null);
    }

    /// <summary>Returns the URL of a path on this server. The wildcards of a pattern stay unescaped.</summary>
    public string FormatUrl(ShellWord path)
    {
        string escaped = string.Join('/', path.Text.TrimStart('/').Split('/').Select(EscapeComponent));
        if (path.IsPattern)
        {
            escaped = escaped.Replace("%2A", "*", StringComparison.Ordinal).Replace("%3F", "?", StringComparison.Ordinal);
        }

        string user = User is null ? "" : $"{Uri.EscapeDataString(User)}@";
        string root = path.Text.StartsWith('/') ? "%2F" : "";
        string type = Type == FtpTransferType.Ascii ? ";type=a" : "";
        return $"{Scheme}://{user}{this}/{root}{escaped}{type}";
    }

    /// <summary>
    /// Returns a path component with its special bytes percent-encoded. The bytes of a name that is not UTF-8 are preserved.
    /// </summary>
    private static string EscapeComponent(string component) =>
        string.Concat(FtpName.GetBytes(component).Select(b =>
            char.IsAsciiLetterOrDigit((char)b) || "-_.~".Contains((char)b) ? $"{(char)b}" : $"%{b:X2}"));

    /// <summary>Returns the port of a URL, or the default port of its scheme.</summary>
    private static int GetPort(Uri url)
    {
        int defaultPort = url.Scheme == "ftps" ? 990 : 21;
        return url.IsDefaultPort || url.Port < 0 ? defaultPort : url.Port;
    }

    /// <summary>
    /// Returns the host of a URL in its DNS form. Uri checks the length and the characters of the host name only here, not when it parses
    /// the URL.
    /// </summary>
    private static string GetHost(Uri url, string text)
    {
        try
        {
            return url.IdnHost;
        }
        catch (UriFormatException)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': the host name is invalid");
        }
    }

    /// <summary>
    /// Returns whether the text is an IP address or a host name. Rejects a number, which is a misplaced port. Also rejects 127.0.0.999,
    /// which the system would look up as a name.
    /// </summary>
    private static bool IsValidHost(string host)
    {
        if (IPAddress.TryParse(host, out _))
        {
            return host.Contains(':') || host.Count(c => c == '.') == 3;
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns && host.Any(char.IsAsciiLetter);
    }

    /// <summary>
    /// Returns the URL with its password masked. The password ends at the last @, because a password may contain an unescaped @.
    /// </summary>
    private static string MaskPassword(string text)
    {
        int at = text.LastIndexOf('@'), userStart = text.IndexOf("://", StringComparison.Ordinal) + 3;
        int colon = at < 0 ? -1 : text.IndexOf(':', userStart, at - userStart > 0 ? at - userStart : 0);
        return colon < 0 ? text : $"{text[..colon]}:****{text[at..]}";
    }
}
