using System.Net;
using System.Net.Sockets;
using Fts.Accounts.Bans;
using Fts.FuzzTests.Engine;
using Fts.Protocol;

namespace Fts.FuzzTests.Targets;

/// <summary>Addresses of data connections in commands and replies.</summary>
internal static class AddressTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("port", CheckPort),
        FuzzTarget.OfText("pasv-reply", CheckPassiveReply),
        FuzzTarget.OfText("eprt", CheckExtendedPort),
        FuzzTarget.OfText("epsv-reply", CheckExtendedPassiveReply),
        FuzzTarget.OfText("ban-subject", CheckBanSubject) with { BytesPerByte = 256 },
    ];

    private static void CheckBanSubject(string text)
    {
        if (BanSubject.TryParse(text, out BanSubject? subject))
        {
            FuzzAssert.True(BanSubject.TryParse(subject.ToString(), out BanSubject? again), "a formatted subject can be parsed");
            FuzzAssert.Equal(subject, again, "a subject survives the round trip");
        }
    }

    private static void CheckPort(string text)
    {
        if (HostPort.TryParse(text, out IPEndPoint endPoint))
        {
            FuzzAssert.True(HostPort.TryParse(HostPort.Format(endPoint), out IPEndPoint again), "a formatted address can be parsed");
            FuzzAssert.Equal(endPoint, again, "an address survives the round trip");
        }
    }

    private static void CheckPassiveReply(string text) => CheckReply(text, FtpReplyCode.PassiveMode);

    private static void CheckExtendedPort(string text)
    {
        if (HostPort.TryParseExtended(text, out IPEndPoint endPoint, out bool knownFamily))
        {
            FuzzAssert.True(knownFamily && endPoint.Port > 0, "a parsed address has a known family and a port");
            FuzzAssert.True(HostPort.TryParseExtended(HostPort.FormatExtended(endPoint), out IPEndPoint again, out _),
                "a formatted address can be parsed");
            FuzzAssert.Equal(endPoint, again, "an address survives the round trip");
        }
    }

    private static void CheckExtendedPassiveReply(string text) => CheckReply(text, FtpReplyCode.ExtendedPassiveMode);

    private static void CheckReply(string text, FtpReplyCode code)
    {
        if (!PassiveReply.TryRead(text, code, out PassiveEndPoint read))
        {
            return;
        }

        FuzzAssert.True(read.Port is > 0 and <= IPEndPoint.MaxPort, "a port is valid");
        var endPoint = new IPEndPoint(read.Address ?? IPAddress.Loopback, read.Port);
        FuzzAssert.True(PassiveReply.TryRead($"({HostPort.FormatExtended(endPoint)})", code, out PassiveEndPoint again),
            "a formatted address can be parsed");
        FuzzAssert.Equal(new PassiveEndPoint(endPoint.Address, read.Port), again, "an address survives the round trip");
        if (endPoint.AddressFamily == AddressFamily.InterNetwork)
        {
            FuzzAssert.True(PassiveReply.TryRead($"Entering Passive Mode ({HostPort.Format(endPoint)}).", code, out again),
                "a formatted address can be parsed");
            FuzzAssert.Equal(new PassiveEndPoint(endPoint.Address, read.Port), again, "an address survives the round trip");
        }
    }
}
