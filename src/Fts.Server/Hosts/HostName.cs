using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.Hosts;

/// <summary>
/// The argument of HOST (RFC 7151 §3.1): a host name, an IPv4 address, or an IPv6 address in brackets. Exactly one property is null.
/// </summary>
internal readonly record struct HostName(string? Name, IPAddress? Address)
{
    private const int MaxLength = 253, MaxLabelLength = 63; // RFC 1035 §2.3.4

    /// <summary>Parses the argument of HOST. Returns null if the argument is invalid. A port is not allowed.</summary>
    public static HostName? Parse(string text)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            bool isIPv6 = IPAddress.TryParse(text[1..^1], out IPAddress? ipv6) && ipv6.AddressFamily == AddressFamily.InterNetworkV6;
            return isIPv6 ? new HostName(null, ipv6!.UnmapIPv4()) : null;
        }

        // IPAddress.TryParse parses "1" as 0.0.0.1, so only text with three dots is parsed as an IPv4 address.
        if (text.Count(c => c == '.') == 3 &&
            IPAddress.TryParse(text, out IPAddress? ipv4) && ipv4.AddressFamily == AddressFamily.InterNetwork)
        {
            return new HostName(null, ipv4);
        }

        return IsValidName(text) ? new HostName(text, null) : null;
    }

    /// <summary>
    /// Returns whether a text is a valid host name and not an address. Underscores are accepted, because many names in use contain them
    /// although RFC 952 does not allow them.
    /// </summary>
    public static bool IsValidName(string? text)
    {
        if (text is not { Length: > 0 and <= MaxLength })
        {
            return false;
        }

        string[] labels = text.Split('.');
        return labels.All(IsValidLabel) && !labels[^1].All(char.IsAsciiDigit);
    }

    /// <summary>Returns whether two names are equal, ignoring case.</summary>
    public static bool AreSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static bool IsValidLabel(string label) =>
        label.Length is > 0 and <= MaxLabelLength && label[0] != '-' && label[^1] != '-' &&
        label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
