using System.Globalization;

namespace Fts.Bench.Servers;

/// <summary>Our server with default settings, except for the address, the served directory and anonymous access.</summary>
/// <param name="program">The path of our program.</param>
/// <param name="address">The address to listen on.</param>
/// <param name="directory">The served directory.</param>
/// <param name="certificate">The certificate for TLS.</param>
internal sealed class OurServer(string program, string address, string directory, Certificate certificate)
{
    public ServerProcess Start(bool overTls)
    {
        int port = ServerProcess.FreePort();
        string[] arguments = ["server", address, port.ToString(CultureInfo.InvariantCulture), "0", "--quiet", "--anonymous", "write"];
        string[] identity = overTls ? ["--cert", certificate.File, "--key", certificate.KeyFile] : [];
        return new ServerProcess(Options.Ours, Path.GetFullPath(program), [.. arguments, .. identity], port, ("anonymous", "bench@"),
            directory)
        {
            OverTls = overTls,
        };
    }
}
