using System.Net;
using System.Net.Sockets;
using Fts.FuzzTests.Engine;
using Fts.Protocol;

namespace Fts.FuzzTests.Targets;

/// <summary>Addresses of data connections, in commands and in replies.</summary>
internal static class AddressTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("port", Port),
        FuzzTarget.OfText("pasv-reply", NumbersReply),
        FuzzTarget.OfText("eprt", ExtendedPort),
        FuzzTarget.OfText("epsv-reply", ExtendedReply),
    ];

    private static void Port(string text)
    {
        if (HostPort.TryParse(text, out IPEndPoint endPoint))
        {
            FuzzAssert.True(HostPort.TryParse(HostPort.Format(endPoint), out IPEndPoint again), "an address that was written can be read");
            FuzzAssert.Equal(endPoint, again, "an address comes back");
        }
    }

    private static void NumbersReply(string text) => Place(text, FtpReplyCode.PassiveMode);

    private static void ExtendedPort(string text)
    {
        if (HostPort.TryParseExtended(text, out IPEndPoint endPoint, out bool knownFamily))
        {
            FuzzAssert.True(knownFamily && endPoint.Port > 0, "what was read has a family and a port");
            FuzzAssert.True(HostPort.TryParseExtended(HostPort.FormatExtended(endPoint), out IPEndPoint again, out _), "an address that was written can be read");
            FuzzAssert.Equal(endPoint, again, "an address comes back");
        }
    }

    private static void ExtendedReply(string text) => Place(text, FtpReplyCode.ExtendedPassiveMode);

    private static void Place(string text, FtpReplyCode code)
    {
        if (!PassiveReply.TryRead(text, code, out PassiveEndPoint place))
        {
            return;
        }

        FuzzAssert.True(place.Port is > 0 and <= IPEndPoint.MaxPort, "a port is one");
        var endPoint = new IPEndPoint(place.Address ?? IPAddress.Loopback, place.Port);
        FuzzAssert.True(PassiveReply.TryRead($"({HostPort.FormatExtended(endPoint)})", code, out PassiveEndPoint again), "an address that was written can be read");
        FuzzAssert.Equal(new PassiveEndPoint(endPoint.Address, place.Port), again, "an address comes back");
        if (endPoint.AddressFamily == AddressFamily.InterNetwork)
        {
            FuzzAssert.True(PassiveReply.TryRead($"Entering Passive Mode ({HostPort.Format(endPoint)}).", code, out again), "an address that was written can be read");
            FuzzAssert.Equal(new PassiveEndPoint(endPoint.Address, place.Port), again, "an address comes back");
        }
    }
}
