using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.Hosts;

/// <summary>What HOST names (RFC 7151 §3.1): a host's name, or the address that was connected to, an IPv6 one in brackets. Pure.</summary>
internal readonly record struct HostName(string? Name, IPAddress? Address)
{
    private const int MaxLength = 253, MaxLabelLength = 63; // RFC 1035 §2.3.4

    /// <summary>Reads HOST's argument; null where it is neither. A port is part of neither.</summary>
    public static HostName? Parse(string text)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            return IPAddress.TryParse(text[1..^1], out IPAddress? six) && six.AddressFamily == AddressFamily.InterNetworkV6 ? new HostName(null, six.UnmapIPv4()) : null;
        }

        // IPAddress.TryParse takes "1" for 0.0.0.1.
        if (text.Count(c => c == '.') == 3 && IPAddress.TryParse(text, out IPAddress? four) && four.AddressFamily == AddressFamily.InterNetwork)
        {
            return new HostName(null, four);
        }

        return IsValidName(text) ? new HostName(text, null) : null;
    }

    /// <summary>Whether a text is a host name and can be no address. Underscores are no part of one (RFC 952), but of many in use.</summary>
    public static bool IsValidName(string? text)
    {
        if (text is not { Length: > 0 and <= MaxLength })
        {
            return false;
        }

        string[] labels = text.Split('.');
        return labels.All(label => label.Length is > 0 and <= MaxLabelLength && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) &&
            !labels[^1].All(char.IsAsciiDigit);
    }

    /// <summary>Whether two names are the same host's.</summary>
    public static bool AreSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
