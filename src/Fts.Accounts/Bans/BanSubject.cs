using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fts.Accounts.Bans;

/// <summary>
/// The logins that a ban refuses: all logins from a network, or the logins of one account from a network. The text form is
/// <c>192.0.2.7</c>, <c>192.0.2.0/24</c>, <c>2001:db8::/64</c> or <c>ann@192.0.2.7</c>.
/// </summary>
public sealed record BanSubject
{
    /// <summary>The maximum number of characters of an account name in a subject.</summary>
    public const int MaxAccountLength = 255;

    /// <summary>Creates a subject.</summary>
    /// <param name="network">The network. IPv4-mapped IPv6 networks are not allowed.</param>
    /// <param name="account">The name of the account, or null for all logins from the network.</param>
    /// <exception cref="ArgumentException">The account name is empty or too long, or the network is IPv4-mapped.</exception>
    public BanSubject(IPNetwork network, string? account = null)
    {
        if (account is { Length: 0 or > MaxAccountLength })
        {
            throw new ArgumentException($"The account name must have 1 to {MaxAccountLength} characters.", nameof(account));
        }

        if (network.BaseAddress.IsIPv4MappedToIPv6)
        {
            throw new ArgumentException("The network must not be IPv4-mapped.", nameof(network));
        }

        (Network, Account) = (network, account);
    }

    /// <summary>The network from which logins are refused.</summary>
    public IPNetwork Network { get; }

    /// <summary>The name of the account whose logins are refused, or null for all logins from the network.</summary>
    public string? Account { get; }

    /// <summary>
    /// Returns the subject of a client: its IPv4 address, or its IPv6 /64 network, because an IPv6 host chooses the lower 64 bits itself
    /// (RFC 8981).
    /// </summary>
    /// <param name="address">The address of the client.</param>
    /// <param name="account">The name of the account, or null for all logins from the address.</param>
    public static BanSubject FromClient(IPAddress address, string? account = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        IPAddress unmapped = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return new BanSubject(CreateNetwork(unmapped, unmapped.AddressFamily == AddressFamily.InterNetwork ? 32 : 64), account);
    }

    /// <summary>
    /// Parses the text form. An IPv6 address without a prefix length means its /64 network. The bits of the address after the prefix are
    /// ignored.
    /// </summary>
    /// <returns>False if the text is not a subject.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out BanSubject? subject)
    {
        ArgumentNullException.ThrowIfNull(text);
        subject = null;
        int at = text.LastIndexOf('@'); // an account name may contain @
        string? account = at < 0 ? null : text[..at];
        if (account is { Length: 0 or > MaxAccountLength })
        {
            return false;
        }

        string network = text[(at + 1)..];
        int slash = network.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? network : network[..slash];
        // IPAddress.TryParse reads "1" as 0.0.0.1, and also reads scopes and ports.
        if (host.AsSpan().IndexOfAny('%', '[', ']') >= 0 || (!host.Contains(':') && host.Count(c => c == '.') != 3)
            || !IPAddress.TryParse(host, out IPAddress? address))
        {
            return false;
        }

        if (slash < 0)
        {
            subject = FromClient(address, account);
            return true;
        }

        int bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (address.IsIPv4MappedToIPv6
            || !byte.TryParse(network.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out byte length) || length > bits)
        {
            return false;
        }

        subject = new BanSubject(CreateNetwork(address, length), account);
        return true;
    }

    /// <summary>Returns whether a login of an account from an address is refused.</summary>
    /// <param name="address">The address of the client.</param>
    /// <param name="account">The name of the account. Null for a client that has not sent one: only bans of networks apply to it.</param>
    public bool Matches(IPAddress address, string? account)
    {
        ArgumentNullException.ThrowIfNull(address);
        return (Account is null || Account == account) && Network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }

    /// <summary>Returns whether one of the networks contains the whole network of this subject.</summary>
    /// <param name="networks">The networks, for example those that are never banned.</param>
    public bool IsWithin(IReadOnlyCollection<IPNetwork> networks)
    {
        ArgumentNullException.ThrowIfNull(networks);
        // The /64 network of ::1 has no other address.
        IPNetwork whole = Network.PrefixLength >= 64 && Network.Contains(IPAddress.IPv6Loopback)
            ? new IPNetwork(IPAddress.IPv6Loopback, 128)
            : Network;
        return networks.Any(network => network.PrefixLength <= whole.PrefixLength && network.Contains(whole.BaseAddress));
    }

    /// <summary>Returns the text form, which <see cref="TryParse"/> accepts.</summary>
    public override string ToString()
    {
        string network = Network.BaseAddress.AddressFamily == AddressFamily.InterNetwork && Network.PrefixLength == 32
            ? Network.BaseAddress.ToString()
            : Network.ToString();
        return Account is null ? network : $"{Account}@{network}";
    }

    /// <summary>Returns the network with a prefix length that contains an address.</summary>
    private static IPNetwork CreateNetwork(IPAddress address, int prefixLength)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = prefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }
}
