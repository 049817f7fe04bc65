using System.CommandLine;
using System.Globalization;
using System.Net;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Server;

namespace Fts.Serving;

/// <summary>The settings for a server behind a firewall, a router or a load balancer.</summary>
/// <param name="Ports">The passive ports; null for any port.</param>
/// <param name="Addresses">The addresses in replies to PASV, each for all clients or for the clients of a network.</param>
/// <param name="LoadBalancers">The networks of load balancers, which send PROXY headers.</param>
/// <param name="DataTimeout">The time to wait for the data connection of a transfer.</param>
/// <param name="DataPeers">The permitted peers of data connections.</param>
internal sealed record NetworkSettings(
    FtpPassivePorts? Ports, IReadOnlyList<FtpPassiveAddress> Addresses, IReadOnlyList<IPNetwork> LoadBalancers,
    TimeSpan DataTimeout, FtpDataPeers DataPeers)
{
    private const string NetworkPrefix = "network/";

    private static readonly TimeSpan DefaultDataTimeout = TimeSpan.FromSeconds(60);

    private static readonly Option<string> PassivePortsOption = new("--passive-ports")
    {
        HelpName = "A-B[=C-D]",
        Description = "ports for data connections (default: any). With =C-D, clients receive ports from C-D, " +
            "and a router forwards them to A-B",
    };

    private static readonly Option<string[]> PassiveAddressOption = new("--passive-address")
    {
        HelpName = "[NETWORK=]HOST",
        Description = "address in the reply to PASV: an IPv4 address or a name; with NETWORK=, only for the clients of that network",
    };

    private static readonly Option<string[]> ProxyProtocolOption = new("--proxy-protocol-from")
    {
        HelpName = "NETWORK",
        Description = "load balancers that start each connection with a PROXY header: an address or a network such as 10.0.0.0/8",
    };

    private static readonly Option<string> DataTimeoutOption = new DefaultedOption("--data-timeout", () => "60s")
    {
        HelpName = "TIME",
        Description = "time to wait for a data connection, such as 30s or 2m (default: 60s)",
    };

    private static readonly Option<string> DataPeersOption = new DefaultedOption("--data-peers", () => "same")
    {
        HelpName = "PEERS",
        Description = "addresses that may open data connections: same (the client's address; default), any, or the word network with a " +
            "prefix length; for example, network/24 is the client's /24 network",
    };

    /// <summary>The options for firewalls, routers and load balancers.</summary>
    public static OptionGroup CommandLineOptions { get; } = new(
        "Firewalls, routers and load balancers",
        PassivePortsOption, PassiveAddressOption, DataTimeoutOption, DataPeersOption, ProxyProtocolOption);

    /// <summary>Parses the options.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="listeningPorts">The ports of the control connections. They cannot be passive ports.</param>
    /// <exception cref="UserErrorException">A value is invalid.</exception>
    public static NetworkSettings Parse(CommandLine line, params ReadOnlySpan<int?> listeningPorts)
    {
        FtpPassivePorts? ports = line.GetValue(PassivePortsOption) is { } text ? ParsePorts(text) : null;
        foreach (int? port in listeningPorts)
        {
            if (ports is not null && port >= ports.First && port <= ports.Last)
            {
                throw CommandLine.CreateUsageError(
                    $"{PassivePortsOption.Name} {line.GetValue(PassivePortsOption)}: the server listens on {port} itself; " +
                    "choose other ports");
            }
        }

        FtpPassiveAddress[] addresses = [.. line.GetValues(PassiveAddressOption).Select(ParseAddress)];
        if (addresses.GroupBy(address => address.Network).FirstOrDefault(group => group.Count() > 1) is { } duplicate)
        {
            string clients = duplicate.Key is { } network ? $"{network}" : "all clients";
            throw CommandLine.CreateUsageError($"{PassiveAddressOption.Name}: two addresses for {clients}; give only one");
        }

        return new NetworkSettings(
            ports,
            addresses,
            [.. line.GetValues(ProxyProtocolOption).Select(ParseLoadBalancer)],
            line.GetValue(DataTimeoutOption) is { } wait ? ParseDataTimeout(wait) : DefaultDataTimeout,
            line.GetValue(DataPeersOption) is { } peers ? ParseDataPeers(peers) : FtpDataPeers.Same);
    }

    /// <summary>Returns the line for the start screen, or null if passive ports, addresses and data peers have their defaults.</summary>
    public string? Describe()
    {
        string ports = Ports is null ? "any port" : $"ports {Ports.First}-{Ports.Last}";
        string externalPorts = Ports?.ExternalFirst is { } first ? $", announced as {first}-{first + Ports.Last - Ports.First}" : "";
        string addresses = string.Concat(Addresses.Select(address =>
            address.Network is { } network ? $", {address.Host} for {network}" : FormatDefaultAddress(address.Host)));
        string peers = "";
        if (DataPeers != FtpDataPeers.Same)
        {
            peers = DataPeers == FtpDataPeers.Any
                ? ", from any address"
                : $", from the client's /{DataPeers.PrefixLength} (IPv6: /{DataPeers.IPv6PrefixLength})";
        }

        return Ports is null && Addresses.Count == 0 && peers.Length == 0 ? null : ports + externalPorts + addresses + peers;
    }

    /// <summary>Returns the text for the address that applies to clients without an entry for their network.</summary>
    private string FormatDefaultAddress(string host) => Addresses.Count == 1 ? $", address {host}" : $", {host} for other clients";

    /// <summary>Parses a time such as <c>30s</c> or <c>2m</c>.</summary>
    private static TimeSpan ParseDataTimeout(string text)
    {
        TimeSpan unit = text.AsSpan(Math.Max(0, text.Length - 1)) switch
        {
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            _ => TimeSpan.Zero,
        };
        return unit > TimeSpan.Zero && ushort.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort count)
            && count > 0
            ? count * unit
            : throw CommandLine.CreateUsageError($"{DataTimeoutOption.Name} {text}: must be a time like 30s or 2m");
    }

    /// <summary>Parses <c>same</c>, <c>any</c>, <c>network/24</c>, or <c>network/24,64</c> with the prefix length for IPv6.</summary>
    private static FtpDataPeers ParseDataPeers(string text)
    {
        if (text is "same" or "any")
        {
            return text == "same" ? FtpDataPeers.Same : FtpDataPeers.Any;
        }

        string[] lengths = text.StartsWith(NetworkPrefix, StringComparison.Ordinal) ? text[NetworkPrefix.Length..].Split(',') : [];
        string prefix6Text = lengths.Length == 2 ? lengths[1] : "64";
        return lengths.Length is 1 or 2 && TryParsePrefixLength(lengths[0], 8, 32, out int prefix)
            && TryParsePrefixLength(prefix6Text, 32, 128, out int prefix6)
            ? FtpDataPeers.Network(prefix, prefix6)
            : throw CommandLine.CreateUsageError(
                $"{DataPeersOption.Name} {text}: use same, any, network/N or network/N,M; " +
                "N is the IPv4 prefix length (8 to 32), M the IPv6 prefix length (32 to 128)");
    }

    private static bool TryParsePrefixLength(string text, int minimum, int maximum, out int length) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length) && length >= minimum && length <= maximum;

    /// <summary>Parses <c>A-B</c>, or <c>A-B=C-D</c> if clients receive the ports C to D. Each range may be a single port.</summary>
    private static FtpPassivePorts ParsePorts(string text)
    {
        string[] sides = text.Split('=');
        if (sides.Length > 2 || ParseRange(sides[0]) is not { } inner || inner.First < 1024)
        {
            throw CreateError();
        }

        if (sides.Length == 1)
        {
            return new FtpPassivePorts(inner.First, inner.Last);
        }

        return ParseRange(sides[1]) is { } outer && outer.Last - outer.First == inner.Last - inner.First
            ? new FtpPassivePorts(inner.First, inner.Last) { ExternalFirst = outer.First }
            : throw CreateError();

        UserErrorException CreateError() => CommandLine.CreateUsageError(
            $"{PassivePortsOption.Name} {text}: must be a range like 50000-50099, with ports of at least 1024, " +
            "or 50000-50099=60000-60099, with the same number of ports on both sides");
    }

    private static (int First, int Last)? ParseRange(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length <= 2 && TryParsePort(ends[0], out int first) && TryParsePort(ends[^1], out int last) && first <= last
            ? (first, last)
            : null;
    }

    private static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= IPEndPoint.MaxPort;

    /// <summary>Parses <c>NETWORK=HOST</c>, for the clients of a network, or <c>HOST</c>, for all other clients.</summary>
    private static FtpPassiveAddress ParseAddress(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string host = text[(equals + 1)..];
        if (!FtpPassiveAddress.IsValidHost(host))
        {
            throw CommandLine.CreateUsageError($"{PassiveAddressOption.Name} {text}: '{host}' is not an IPv4 address or a host name");
        }

        return new FtpPassiveAddress(host) { Network = equals < 0 ? null : ParseNetwork(PassiveAddressOption.Name, text, text[..equals]) };
    }

    private static IPNetwork ParseLoadBalancer(string text)
    {
        IPNetwork network = ParseNetwork(ProxyProtocolOption.Name, text, text);
        return network.PrefixLength > 0 ? network : throw CommandLine.CreateUsageError(
            $"{ProxyProtocolOption.Name} {text}: must not include all addresses, because a sender of the header can claim any client " +
            "address; name only the load balancers");
    }

    /// <summary>
    /// Parses an address, or a network in the form of an address with a prefix length. Bits after the prefix must be zero.
    /// </summary>
    /// <exception cref="UserErrorException">The text is not an address or network.</exception>
    public static IPNetwork ParseNetwork(string option, string optionValue, string text)
    {
        string[] parts = text.Split('/');
        // IPAddress also parses 10 (as 0.0.0.10), [::1] and fe80::1%eth0, which are rejected here. ::ffff:10.0.0.5 is rejected because it
        // would never match: the server reports IPv4 peers as IPv4.
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address) || address.IsIPv4MappedToIPv6 ||
            parts[0].AsSpan().IndexOfAny("[]%") >= 0 ||
            (!parts[0].Contains(':', StringComparison.Ordinal) && address.ToString() != parts[0]))
        {
            throw CreateError();
        }

        string hostBits = address.GetAddressBytes().Length == 4 ? "32" : "128";
        string bits = parts.Length == 2 ? parts[1] : hostBits;
        return IPNetwork.TryParse($"{address}/{bits}", out IPNetwork network) && network.BaseAddress.Equals(address)
            ? network
            : throw CreateError();

        UserErrorException CreateError() => CommandLine.CreateUsageError(
            $"{option} {optionValue}: '{text}' is not an IP address or a network such as 10.0.0.0/8");
    }
}
