using System.Net;
using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Fts.Server.Tests;

/// <summary>The ways to a server. Every conversation is held over each of them.</summary>
public enum Wire
{
    IPv4,
    IPv6,
}

/// <summary>Runs a theory once over every <see cref="Wire"/>, its only parameter.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnEveryWireAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enum.GetValues<Wire>().Select(wire => new TheoryDataRow<Wire>(wire))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}

internal static class WireAddresses
{
    public static IPAddress Loopback(this Wire wire) => wire == Wire.IPv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
}
