using System.Globalization;
using System.Net;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.Peers;

/// <summary>Our own server as a program, which can be killed as any other.</summary>
internal static class FtsServer
{
    public static async Task<(ServerProcess Process, string User, string Password)> StartAsync(TempFolder home, IPEndPoint endPoint)
    {
        string[] arguments = ["server", endPoint.Address.ToString(), endPoint.Port.ToString(CultureInfo.InvariantCulture), "1", "--folder", home["root"]];
        return (await ServerProcess.StartAsync(new Tool(PublishedProgram.Path, null), endPoint, home.Path, null, arguments), "anonymous", "guest@");
    }
}
