using System.Globalization;

namespace Fts.Bench.Servers;

/// <summary>Our server, as it comes: nothing is set but what it serves.</summary>
internal sealed class Ours(string program, string folder, Certificate certificate)
{
    public ServerProcess Start(bool overTls)
    {
        int port = ServerProcess.FreePort();
        string[] arguments = ["server", "127.0.0.1", port.ToString(CultureInfo.InvariantCulture), "0", "--quiet"];
        string[] identity = overTls ? ["--cert", certificate.File, "--key", certificate.KeyFile] : [];
        return new ServerProcess(Options.Ours, Path.GetFullPath(program), [.. arguments, .. identity], port, ("anonymous", "bench@"), folder) { OverTls = overTls };
    }
}
