using System.Net;
using System.Reflection;
using System.Security.Authentication;
using Xunit.Sdk;
using Xunit.v3;

namespace Fts.Server.Tests;

/// <summary>The ways to a server. Every conversation is held over each of them.</summary>
public enum Wire
{
    IPv4,
    IPv6,
    /// <summary>TLS 1.2 from the first byte, data connections too, over IPv4.</summary>
    Tls12,
    /// <summary>TLS 1.3 from the first byte, data connections too, over IPv6.</summary>
    Tls13,
}

/// <summary>Runs a theory once over every <see cref="Wire"/>, its only parameter.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnEveryWireAttribute : DataAttribute
{
    /// <summary>Only where bytes travel as they are: for what TLS does not let happen.</summary>
    public bool PlainOnly { get; set; }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enum.GetValues<Wire>().Where(wire => !PlainOnly || wire.Tls() is null).Select(wire => new TheoryDataRow<Wire>(wire))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}

internal static class WireAddresses
{
    public static IPAddress Loopback(this Wire wire) => wire.IsIPv4() ? IPAddress.Loopback : IPAddress.IPv6Loopback;

    public static bool IsIPv4(this Wire wire) => wire is Wire.IPv4 or Wire.Tls12;

    public static SslProtocols? Tls(this Wire wire) => wire switch { Wire.Tls12 => SslProtocols.Tls12, Wire.Tls13 => SslProtocols.Tls13, _ => null };
}
