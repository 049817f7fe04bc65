using System.Net;
using System.Text;
using Fts.Client;

namespace Fts.Cli.Connections;

/// <summary>
/// Selects the proxy of <c>--proxy</c>. Without <c>--proxy</c>, selects the proxy of the variable <c>ftp_proxy</c> or <c>all_proxy</c> (in
/// lower or upper case). Ignores these variables if <c>no_proxy</c> names the server, or if the server is on this machine.
/// </summary>
internal static class ProxySelector
{
    private const string SocksScheme = "socks5", HttpScheme = "http";
    private const int SocksPort = 1080;

    /// <summary>Returns the proxy, or null for a direct connection to the server.</summary>
    /// <param name="option">The value of <c>--proxy</c>, if given.</param>
    /// <param name="target">The server.</param>
    /// <param name="getVariable">Returns the value of an environment variable.</param>
    /// <exception cref="UserErrorException">The proxy is invalid. The message names the option or the variable.</exception>
    public static FtpProxy? SelectProxy(string? option, Target target, Func<string, string?> getVariable)
    {
        if (option is not null)
        {
            return option == "off" ? null : ParseProxy(option, "--proxy", allowsPassword: false, getVariable);
        }

        foreach (string name in (ReadOnlySpan<string>)["ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY"])
        {
            if (getVariable(name) is { Length: > 0 } value)
            {
                return IsExcluded(target.Host, GetFirstNonEmpty(getVariable, "no_proxy", "NO_PROXY"))
                    ? null
                    : ParseProxy(value, name, allowsPassword: true, getVariable);
            }
        }

        return null;
    }

    /// <summary>
    /// Returns whether a host is used without a proxy: a loopback host, or a host in the list. Entries of the list are names, domains,
    /// addresses and networks, separated by commas or spaces. <c>*</c> matches every host.
    /// </summary>
    /// <param name="host">The name or address of the server.</param>
    /// <param name="list">The value of <c>no_proxy</c>, or null.</param>
    public static bool IsExcluded(string host, string? list)
    {
        IPAddress? address = IPAddress.TryParse(host, out IPAddress? parsed) ? parsed : null;
        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (address is not null && IPAddress.IsLoopback(address)))
        {
            return true;
        }

        foreach (string entry in (list ?? "").Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (entry == "*" || (address is null ? MatchesDomain(host, entry.TrimStart('.')) : MatchesAddress(address, entry)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MatchesAddress(IPAddress address, string entry) =>
        (IPAddress.TryParse(entry, out IPAddress? entryAddress) && entryAddress.Equals(address))
        || (IPNetwork.TryParse(entry, out IPNetwork network) && network.Contains(address));

    private static bool MatchesDomain(string host, string domain) =>
        domain.Length > 0
        && (string.Equals(host, domain, StringComparison.OrdinalIgnoreCase)
            || host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));

    /// <summary>Parses <c>socks5://user@host:port</c> or <c>http://user@host:port</c>.</summary>
    /// <remarks>
    /// <c>socks5h</c> means the same as <c>socks5</c>, because the proxy always resolves names. Text without a scheme names an HTTP proxy.
    /// The port of a SOCKS proxy is optional (RFC 1928 §3). HTTP proxies have no standard port.
    /// </remarks>
    private static FtpProxy ParseProxy(string text, string source, bool allowsPassword, Func<string, string?> getVariable)
    {
        int separator = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = separator < 0 ? HttpScheme : text[..separator].ToLowerInvariant();
        string rest = (separator < 0 ? text : text[(separator + 3)..]).TrimEnd('/');
        int at = rest.LastIndexOf('@');
        string[] user = at < 0 ? [] : rest[..at].Split(':', 2);
        string displayText = $"{source} '{scheme}://{(at < 0 ? "" : $"{user[0]}{(user.Length > 1 ? ":****" : "")}@")}{rest[(at + 1)..]}'";
        if (scheme is not (SocksScheme or "socks5h" or HttpScheme))
        {
            throw CommandLine.CreateUsageError(
                $"{displayText}: must be socks5://host:port or http://host:port; --proxy off disables the proxy");
        }

        if (user.Length > 1 && !allowsPassword)
        {
            throw CommandLine.CreateUsageError(
                $"{displayText}: a password in an argument is visible to every user of this machine; set FTS_PROXY_PASSWORD instead");
        }

        bool isSocks = scheme != HttpScheme;
        // The text is parsed as an HTTP URL, because Uri hardly checks unknown schemes. Uri does not report whether port 80 was given or is
        // the default, so the end of the text decides.
        bool isUrl = Uri.TryCreate($"http://{rest[(at + 1)..]}", UriKind.Absolute, out Uri? url);
        if (!isUrl || url!.PathAndQuery != "/" || url.Fragment.Length > 0 || url.IdnHost.Length == 0)
        {
            throw CommandLine.CreateUsageError($"{displayText}: not a host and port");
        }

        bool hasPort = !url.IsDefaultPort || rest.EndsWith(":80", StringComparison.Ordinal);
        if ((!hasPort && !isSocks) || url.Port == 0)
        {
            throw CommandLine.CreateUsageError($"{displayText}: the port is missing");
        }

        var proxy = new FtpProxy(isSocks ? FtpProxyKind.Socks5 : FtpProxyKind.HttpConnect, url.IdnHost, hasPort ? url.Port : SocksPort);
        string? name = user.Length > 0 && user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null;
        string ownPassword = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "";
        string password = getVariable("FTS_PROXY_PASSWORD") is { Length: > 0 } secret ? secret : ownPassword;
        proxy = name is null ? proxy : proxy with { UserName = name, Password = password };
        // RFC 1929 §2 limits names and passwords to 255 bytes. RFC 7617 §2 excludes control characters, and colons in names.
        bool isTooLong = Encoding.UTF8.GetByteCount(name ?? "") > 255 || Encoding.UTF8.GetByteCount(password) > 255;
        return isTooLong || (name + password).Any(char.IsControl) || (!isSocks && name?.Contains(':') == true)
            ? throw CommandLine.CreateUsageError($"{displayText}: the user name or password is too long or contains invalid characters")
            : proxy;
    }

    private static string? GetFirstNonEmpty(Func<string, string?> getVariable, string first, string second) =>
        getVariable(first) is { Length: > 0 } value ? value : getVariable(second);
}
