using System.Net;
using System.Reflection;
using System.Security.Authentication;
using Xunit.Sdk;
using Xunit.v3;

namespace Fts.Server.Tests.Support;

/// <summary>
/// The protocol and the copy engine of a test. Most conversations run over each of them. Files are in memory unless the test provides a
/// store.
/// </summary>
public enum Wire
{
    /// <summary>IPv4, unencrypted. The server selects the copy engine.</summary>
    IPv4,
    /// <summary>IPv6, unencrypted. The portable copy engine is used for every store and size.</summary>
    IPv6,
    /// <summary>Implicit TLS 1.2 with encrypted data connections, over IPv4.</summary>
    Tls12,
    /// <summary>Implicit TLS 1.3 with encrypted data connections, over IPv6.</summary>
    Tls13,
    /// <summary>IPv4, unencrypted, with files on disk. The kernel copies from the first byte.</summary>
    Kernel,
}

/// <summary>Runs a theory once for every <see cref="Wire"/>, its only parameter.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnEveryWireAttribute : DataAttribute
{
    /// <summary>Restricts the theory to unencrypted wires, for behaviour that TLS prevents.</summary>
    public bool PlainOnly { get; set; }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enum.GetValues<Wire>().Where(wire => !PlainOnly || wire.Tls() is null).Select(wire => new TheoryDataRow<Wire>(wire))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}

internal static class WireAddresses
{
    public static IPAddress Loopback(this Wire wire) => wire.IsIPv4() ? IPAddress.Loopback : IPAddress.IPv6Loopback;

    public static bool IsIPv4(this Wire wire) => wire is Wire.IPv4 or Wire.Tls12 or Wire.Kernel;

    public static SslProtocols? Tls(this Wire wire) =>
        wire switch { Wire.Tls12 => SslProtocols.Tls12, Wire.Tls13 => SslProtocols.Tls13, _ => null };

    public static long? GetMinKernelBytes(this Wire wire) => wire switch { Wire.Kernel => 1, Wire.IPv6 => long.MaxValue, _ => null };
}
