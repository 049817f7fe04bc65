using System.Net;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.Peers;

/// <summary>Starts Pure-FTPd with its own user database, which has one virtual user.</summary>
internal static class PureFtpd
{
    public static async Task<(ServerProcess Process, string User, string Password)> StartAsync(TempFolder home, IPEndPoint endPoint)
    {
        Tool tool = Tool.Require("pure-ftpd");
        Tool accounts = Tool.Require("pure-pw");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "pure-ftpd changes its root and its user, so root must start it.");
        string passwords = home.Write("passwd", $"tester:{Peer.SecretHash}:65534:65534::{home["root"]}/./::::::::::::\n");
        (await ProcessRunner.RunAsync(accounts, home, "mkdb", home["users.pdb"], "-f", passwords)).AssertSuccess();

        string address = endPoint.Address + "," + endPoint.Port;
        string[] limits = ["-c", "200", "-C", "200", "-L", "200000:20"];
        string[] files = ["-f", "none", "-l", "puredb:" + home["users.pdb"], "-g", home["pure.pid"]];
        string[] arguments = ["-S", address, "-H", "-E", "-A", .. limits, "-u", "1", .. files];
        return (await ServerProcess.StartAsync(tool, endPoint, home.Path, null, arguments), "tester", "secret");
    }
}
