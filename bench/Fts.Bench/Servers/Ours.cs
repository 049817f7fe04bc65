using System.Globalization;

namespace Fts.Bench.Servers;

/// <summary>Our server, as it comes: nothing is set but what it serves, and to whom, which it does on loopback by itself.</summary>
/// <param name="program">Its file.</param>
/// <param name="address">Where it listens.</param>
/// <param name="folder">What is served.</param>
/// <param name="certificate">For when it is to know TLS.</param>
internal sealed class Ours(string program, string address, string folder, Certificate certificate)
{
    public ServerProcess Start(bool overTls)
    {
        int port = ServerProcess.FreePort();
        string[] arguments = ["server", address, port.ToString(CultureInfo.InvariantCulture), "0", "--quiet", "--anonymous", "write"];
        string[] identity = overTls ? ["--cert", certificate.File, "--key", certificate.KeyFile] : [];
        return new ServerProcess(Options.Ours, Path.GetFullPath(program), [.. arguments, .. identity], port, ("anonymous", "bench@"), folder) { OverTls = overTls };
    }
}
