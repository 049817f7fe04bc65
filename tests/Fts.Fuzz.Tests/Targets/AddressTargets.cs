using System.Net;
using Fts.Protocol;

namespace Fts.FuzzTests;

/// <summary>Addresses of data connections, in commands and in replies.</summary>
internal static class AddressTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("port", Port),
        FuzzTarget.OfText("pasv-reply", PassiveReply),
        FuzzTarget.OfText("eprt", ExtendedPort),
        FuzzTarget.OfText("epsv-reply", ExtendedPassiveReply),
    ];

    private static void Port(string text)
    {
        if (HostPort.TryParse(text, out IPEndPoint endPoint))
        {
            Holds.True(HostPort.TryParse(HostPort.Format(endPoint), out IPEndPoint again), "an address that was written can be read");
            Holds.Equal(endPoint, again, "an address comes back");
        }
    }

    private static void PassiveReply(string text)
    {
        if (HostPort.TryParsePassiveReply(text, out IPEndPoint endPoint))
        {
            Holds.True(HostPort.TryParsePassiveReply($"Entering Passive Mode ({HostPort.Format(endPoint)}).", out IPEndPoint again), "an address that was written can be read");
            Holds.Equal(endPoint, again, "an address comes back");
        }
    }

    private static void ExtendedPort(string text)
    {
        if (HostPort.TryParseExtended(text, out IPEndPoint endPoint, out bool knownFamily))
        {
            Holds.True(knownFamily && endPoint.Port > 0, "what was read has a family and a port");
            Holds.True(HostPort.TryParseExtended(HostPort.FormatExtended(endPoint), out IPEndPoint again, out _), "an address that was written can be read");
            Holds.Equal(endPoint, again, "an address comes back");
        }
    }

    private static void ExtendedPassiveReply(string text)
    {
        if (HostPort.TryParseExtendedPassiveReply(text, out int port))
        {
            Holds.True(port is > 0 and <= IPEndPoint.MaxPort, "a port is one");
            Holds.True(HostPort.TryParseExtendedPassiveReply($"(|||{port}|)", out int again) && again == port, "a port comes back");
        }
    }
}
