using System.Net;
using System.Reflection;
using System.Security.Authentication;
using Xunit.Sdk;
using Xunit.v3;

namespace Fts.Server.Tests.Support;

/// <summary>
/// The ways to a server, and the engine that moves its files' bytes. Every conversation is held over each of them; files are in memory unless a test brings a
/// store, and then moved by read and send alone.
/// </summary>
public enum Wire
{
    /// <summary>In plain; by the engines as the server chooses them.</summary>
    IPv4,
    /// <summary>In plain; by read and send, whatever the store and the size.</summary>
    IPv6,
    /// <summary>TLS 1.2 from the first byte, data connections too, over IPv4.</summary>
    Tls12,
    /// <summary>TLS 1.3 from the first byte, data connections too, over IPv6.</summary>
    Tls13,
    /// <summary>In plain over IPv4, with files on a disk; by the kernel from the first byte, of an upload from the first that comes after those.</summary>
    Kernel,
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

    public static bool IsIPv4(this Wire wire) => wire is Wire.IPv4 or Wire.Tls12 or Wire.Kernel;

    public static SslProtocols? Tls(this Wire wire) => wire switch { Wire.Tls12 => SslProtocols.Tls12, Wire.Tls13 => SslProtocols.Tls13, _ => null };

    public static long? GetMinKernelBytes(this Wire wire) => wire switch { Wire.Kernel => 1, Wire.IPv6 => long.MaxValue, _ => null };
}
