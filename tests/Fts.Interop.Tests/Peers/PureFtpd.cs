using System.Net;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.Peers;

/// <summary>Pure-FTPd with one virtual user of its own database.</summary>
internal static class PureFtpd
{
    public static async Task<(ServerProcess Process, string User, string Password)> StartAsync(TempFolder home, IPEndPoint endPoint)
    {
        Tool tool = Tool.Require("pure-ftpd");
        Tool accounts = Tool.Require("pure-pw");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "pure-ftpd changes its root and its user, for which it must be started by root.");
        string passwords = home.Write("passwd", $"tester:{Peer.SecretHash}:65534:65534::{home["root"]}/./::::::::::::\n");
        (await ProcessRunner.RunAsync(accounts, home, "mkdb", home["users.pdb"], "-f", passwords)).AssertSuccess();

        string address = endPoint.Address + "," + endPoint.Port;
        string[] limits = ["-c", "200", "-C", "200", "-L", "200000:20"];
        string[] arguments = ["-S", address, "-H", "-E", "-A", .. limits, "-u", "1", "-f", "none", "-l", "puredb:" + home["users.pdb"], "-g", home["pure.pid"]];
        return (await ServerProcess.StartAsync(tool, endPoint, home.Path, null, arguments), "tester", "secret");
    }
}
