using System.Globalization;
using System.Net;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.Peers;

/// <summary>Starts pyftpdlib with our script pyftpd.py.</summary>
internal static class Pyftpdlib
{
    public static async Task<(ServerProcess Process, string User, string Password)> StartAsync(
        TempFolder home, IPEndPoint endPoint, string? certificate)
    {
        Tool python = Tool.RequirePython();
        ProcessResult probe = await ProcessRunner.RunAsync(python, home, "-c", "import pyftpdlib.servers, OpenSSL");
        Assert.SkipUnless(probe.ExitCode == 0, "The Python module pyftpdlib is not installed.");
        string script = Path.Combine(AppContext.BaseDirectory, "Peers", "pyftpd.py");
        string port = endPoint.Port.ToString(CultureInfo.InvariantCulture);
        string[] certificates = certificate is null ? [] : [certificate];
        string[] arguments = ["-u", script, endPoint.Address.ToString(), port, home["root"], .. certificates];
        return (await ServerProcess.StartAsync(python, endPoint, home.Path, null, arguments), "tester", "secret");
    }
}
