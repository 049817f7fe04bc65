using System.Globalization;
using System.Net;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.Peers;

/// <summary>Starts our own server as a separate process, so that a test can kill it.</summary>
internal static class FtsServer
{
    public static async Task<(ServerProcess Process, string User, string Password)> StartAsync(TempFolder home, IPEndPoint endPoint)
    {
        string port = endPoint.Port.ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["server", endPoint.Address.ToString(), port, "1", "--folder", home["root"]];
        var program = new Tool(PublishedProgram.Path, null);
        return (await ServerProcess.StartAsync(program, endPoint, home.Path, null, arguments), "anonymous", "guest@");
    }
}
