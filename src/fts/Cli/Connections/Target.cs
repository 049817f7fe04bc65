using System.Net;
using System.Web;
using Fts.Client;
using Fts.Shell;

namespace Fts.Cli.Connections;

/// <summary>Where the client connects to: a host and port, and what a URL says beyond that.</summary>
/// <param name="Host">A name or an address; an IPv6 address without brackets.</param>
/// <param name="Port">The port.</param>
/// <param name="User">Who to sign in as, if said.</param>
/// <param name="Folder">The folder to start in, if said.</param>
internal sealed record Target(string Host, int Port, string? User, string? Folder)
{
    private const string TypePrefix = ";type=";

    /// <summary>The transfer type that a URL names (<c>;type=a</c>, <c>;type=i</c>); null if it names none.</summary>
    public FtpTransferType? Type { get; init; }

    /// <summary>Whether a URL names a folder to list (<c>;type=d</c>).</summary>
    public bool IsListing { get; init; }

    /// <summary>The port both programs use unless told otherwise.</summary>
    public const int DefaultPort = 65432;

    /// <summary>Whether connections begin with a TLS handshake (implicit TLS). Errors advise what suits the mode.</summary>
    public bool UsesImplicitTls { get; init; }

    /// <summary>Host and port as one word.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Reads the first two words of <c>fts client</c>.</summary>
    public static Target FromCommandLine(CommandLine line, string? user)
    {
        string first = line.Arguments.Count > 0 ? line.Arguments[0] : IPAddress.Loopback.ToString();
        if (IsUrl(first))
        {
            Target url = FromUrl(first);
            return url with { User = user ?? url.User, Port = line.GetPort(1, url.Port, allowsZero: false) };
        }

        string host = first.StartsWith('[') && first.EndsWith(']') ? first[1..^1] : first;
        if (!IsValidHost(host))
        {
            throw CommandLine.CreateUsageError($"'{first}' is not an IP address, a host name or an ftp:// URL");
        }

        return new Target(host, line.GetPort(1, DefaultPort, allowsZero: false), user, null);
    }

    /// <summary>Whether a word is meant as a URL.</summary>
    public static bool IsUrl(string word) => word.Contains("://", StringComparison.Ordinal);

    /// <summary>A URL without a port means FTP's own, 21 (RFC 1738 §3.2). A password in it is refused: it is on the command line already, but must not become a habit.</summary>
    public static Target FromUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Host.Length == 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}' is not a URL");
        }

        if (url.Scheme != "ftp")
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': only ftp:// URLs are understood");
        }

        if (url.UserInfo.Contains(':'))
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': a password in a URL is visible to every user of this machine; set FTS_PASSWORD or use --password-file");
        }

        if (url.Fragment.Length > 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': a # in a name is written %23");
        }

        if (url.Port == 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': nothing listens on port 0");
        }

        (string path, char? type) = SplitType(url.AbsolutePath);
        // "/%2Fetc" is the absolute folder /etc, "/etc" one below where the sign-in lands (RFC 1738 §3.2.2).
        string folder = FtpName.FromBytes(HttpUtility.UrlDecodeToBytes(path.TrimStart('/').Replace("+", "%2B", StringComparison.Ordinal)));
        string user = Uri.UnescapeDataString(url.UserInfo);
        if ((user + folder).AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': a line end or NUL cannot be part of a name");
        }

        return new Target(GetHost(url, text), url.IsDefaultPort ? 21 : url.Port, user.Length > 0 ? user : null, folder.Length > 0 ? folder : null)
        {
            Type = type switch
            {
                'a' => FtpTransferType.Ascii,
                'i' => FtpTransferType.Binary,
                _ => null,
            },
            IsListing = type == 'd',
        };
    }

    /// <summary>Splits the type code off a URL or its path (RFC 1738 §3.2.2). A name that ends so is written with <c>%3B</c>.</summary>
    public static (string Path, char? Type) SplitType(string path)
    {
        int start = path.Length - TypePrefix.Length - 1;
        bool hasType = start >= 0 && path.AsSpan(start, TypePrefix.Length).Equals(TypePrefix, StringComparison.OrdinalIgnoreCase)
            && char.ToLowerInvariant(path[^1]) is 'a' or 'i' or 'd';
        return hasType ? (path[..start], char.ToLowerInvariant(path[^1])) : (path, null);
    }

    /// <summary>The URL of a path on this server; what a pattern is made of stays as it is.</summary>
    public string FormatUrl(ShellWord path)
    {
        string escaped = string.Join('/', path.Text.TrimStart('/').Split('/').Select(EscapeComponent));
        string user = User is null ? "" : $"{Uri.EscapeDataString(User)}@";
        return $"ftp://{user}{this}/{(path.Text.StartsWith('/') ? "%2F" : "")}{(path.IsPattern ? escaped.Replace("%2A", "*", StringComparison.Ordinal).Replace("%3F", "?", StringComparison.Ordinal) : escaped)}{(Type == FtpTransferType.Ascii ? ";type=a" : "")}";
    }

    /// <summary>A component of a URL's path: the bytes of a name that is not UTF-8 stay as they are.</summary>
    private static string EscapeComponent(string component) =>
        string.Concat(FtpName.GetBytes(component).Select(b => char.IsAsciiLetterOrDigit((char)b) || "-_.~".Contains((char)b) ? $"{(char)b}" : $"%{b:X2}"));

    /// <summary>The host as DNS takes it. Uri finds out only here that there is no such form: of a name that is too long, or of characters no name may have.</summary>
    private static string GetHost(Uri url, string text)
    {
        try
        {
            return url.IdnHost;
        }
        catch (UriFormatException)
        {
            throw CommandLine.CreateUsageError($"'{MaskPassword(text)}': no host can have such a name");
        }
    }

    /// <summary>An address or a name; a number alone is neither, it is a port in the wrong place, and 127.0.0.999 is a typo nobody should have to wait for.</summary>
    private static bool IsValidHost(string host)
    {
        if (IPAddress.TryParse(host, out _))
        {
            return host.Contains(':') || host.Count(c => c == '.') == 3;
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns && host.Any(char.IsAsciiLetter);
    }

    /// <summary>A URL whose password does not show. It may hold an at sign or a slash that should have been written otherwise: it ends at the last.</summary>
    private static string MaskPassword(string text)
    {
        int at = text.LastIndexOf('@'), user = text.IndexOf("://", StringComparison.Ordinal) + 3;
        int colon = at < 0 ? -1 : text.IndexOf(':', user, at - user > 0 ? at - user : 0);
        return colon < 0 ? text : $"{text[..colon]}:****{text[at..]}";
    }
}
