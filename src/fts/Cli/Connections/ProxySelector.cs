using System.Net;
using System.Text;
using Fts.Client;

namespace Fts.Cli.Connections;

/// <summary>
/// The proxy to go through: <c>--proxy</c>, else what the variables say that other clients look at, <c>ftp_proxy</c> and then <c>all_proxy</c>, in small or
/// large letters, unless <c>no_proxy</c> names the server. A server on this machine is never looked for behind a proxy that only a variable names.
/// </summary>
internal static class ProxySelector
{
    private const string SocksScheme = "socks5", HttpScheme = "http";
    private const int SocksPort = 1080;

    /// <summary>The proxy, or null for none.</summary>
    /// <param name="option">The value of <c>--proxy</c>, if given.</param>
    /// <param name="target">The server.</param>
    /// <param name="getVariable">What a variable of the environment holds.</param>
    /// <exception cref="UserErrorException">Not a proxy that can be used; the message names the option or the variable.</exception>
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
                return IsExcluded(target.Host, GetFirstNonEmpty(getVariable, "no_proxy", "NO_PROXY")) ? null : ParseProxy(value, name, allowsPassword: true, getVariable);
            }
        }

        return null;
    }

    /// <summary>Whether a list of names, domains, addresses and networks, divided by commas or spaces, holds the host. <c>*</c> holds all.</summary>
    public static bool IsExcluded(string host, string? list)
    {
        IPAddress? address = IPAddress.TryParse(host, out IPAddress? parsed) ? parsed : null;
        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (address is not null && IPAddress.IsLoopback(address)))
        {
            return true;
        }

        foreach (string entry in (list ?? "").Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            string domain = entry.TrimStart('.');
            if (entry == "*" || (address is not null
                ? (IPAddress.TryParse(entry, out IPAddress? entryAddress) && entryAddress.Equals(address)) || (IPNetwork.TryParse(entry, out IPNetwork network) && network.Contains(address))
                : domain.Length > 0 && (string.Equals(host, domain, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase))))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Reads <c>socks5://user@host:port</c> or <c>http://user@host:port</c>. <c>socks5h</c> is the same, for names are always the proxy's to resolve, and a
    /// proxy without a scheme is HTTP's, as others take it. The port may be left out for SOCKS (RFC 1928 §3); HTTP proxies have none that is everybody's.
    /// </summary>
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
            throw CommandLine.CreateUsageError($"{displayText}: a proxy is socks5://host:port or http://host:port, or off");
        }

        if (user.Length > 1 && !allowsPassword)
        {
            throw CommandLine.CreateUsageError($"{displayText}: a password in an argument is visible to every user of this machine; set FTS_PROXY_PASSWORD");
        }

        bool isSocks = scheme != HttpScheme;
        // Read as HTTP's: of a scheme it does not know, Uri checks little. Its default port, 80, is told from a missing one by the text.
        if (!Uri.TryCreate($"http://{rest[(at + 1)..]}", UriKind.Absolute, out Uri? url) || url.PathAndQuery != "/" || url.Fragment.Length > 0 || url.IdnHost.Length == 0)
        {
            throw CommandLine.CreateUsageError($"{displayText}: not a host and port");
        }

        bool hasPort = !url.IsDefaultPort || rest.EndsWith(":80", StringComparison.Ordinal);
        if ((!hasPort && !isSocks) || url.Port == 0)
        {
            throw CommandLine.CreateUsageError($"{displayText}: the proxy's port is missing");
        }

        var proxy = new FtpProxy(isSocks ? FtpProxyKind.Socks5 : FtpProxyKind.HttpConnect, url.IdnHost, hasPort ? url.Port : SocksPort);
        string? name = user.Length > 0 && user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null;
        string password = getVariable("FTS_PROXY_PASSWORD") is { Length: > 0 } secret ? secret : user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "";
        proxy = name is null ? proxy : proxy with { UserName = name, Password = password };
        // As RFC 1929 §2 and RFC 7617 §2 have it.
        return (name + password).Any(char.IsControl) || Encoding.UTF8.GetByteCount(name ?? "") > 255 || Encoding.UTF8.GetByteCount(password) > 255 || (!isSocks && name?.Contains(':') == true)
            ? throw CommandLine.CreateUsageError($"{displayText}: the user name or password cannot be used")
            : proxy;
    }

    private static string? GetFirstNonEmpty(Func<string, string?> getVariable, string first, string second) => getVariable(first) is { Length: > 0 } value ? value : getVariable(second);
}
