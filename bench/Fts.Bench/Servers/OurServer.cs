using System.Globalization;

namespace Fts.Bench.Servers;

/// <summary>Our server with default settings, except for the address, the served directory and anonymous access.</summary>
/// <param name="program">The path of our program.</param>
/// <param name="address">The address to listen on.</param>
/// <param name="directory">The served directory.</param>
/// <param name="certificate">The certificate for TLS.</param>
/// <param name="state">The directory for events.</param>
internal sealed class OurServer(string program, string address, string directory, Certificate certificate, string state)
{
    public ServerProcess Start(bool overTls, bool recordsEvents)
    {
        int port = ServerProcess.FreePort();
        string[] arguments = ["server", address, port.ToString(CultureInfo.InvariantCulture), "0", "--quiet", "--anonymous", "write"];
        string[] identity = overTls ? ["--cert", certificate.File, "--key", certificate.KeyFile] : [];
        string[] events = recordsEvents ? ["--events", "--state", state] : [];
        return new ServerProcess(
            recordsEvents ? Options.OursWithEvents : Options.Ours, Path.GetFullPath(program), [.. arguments, .. identity, .. events], port,
            ("anonymous", "bench@"), directory)
        {
            OverTls = overTls,
        };
    }
}
