using Fts.Bench.Load;

namespace Fts.Bench.Servers;

/// <summary>
/// The other servers, configured for speed: without limits, name lookups, ident, delays and logs, with sendfile and a cheap password hash.
/// If TLS is measured, each server has a second process with a certificate, because ProFTPD reads its key for each session, with and
/// without TLS.
/// </summary>
internal sealed class Peers(string? unpacked, string address, string directory, string scratch, Certificate certificate)
{
    private static readonly (string, string) s_account = ("bench", "bench");

    public static IReadOnlyList<string> Names => ["vsftpd", "pure-ftpd", "proftpd", "pyftpdlib"];

    /// <summary>Starts the server with this name.</summary>
    /// <exception cref="MeasurementException">The server cannot be started.</exception>
    public ServerProcess Start(string name, bool overTls)
    {
        if (!Environment.IsPrivilegedProcess && name != "pyftpdlib")
        {
            throw new MeasurementException("it must be started as root");
        }

        string program = name == "pyftpdlib" ? "python3" : name;
        string found = Find(program) ?? throw new MeasurementException($"{program} is neither installed nor unpacked");
        string own = Directory.CreateDirectory(Path.Combine(scratch, overTls ? name + "-tls" : name)).FullName;
        var settings = new PeerSettings(directory, own, address, ServerProcess.FreePort(), overTls ? certificate : null);
        return name switch
        {
            "vsftpd" => Start(name, found, settings, ("anonymous", "bench@"), settings.Vsftpd()),
            "proftpd" => Start(name, found, settings, s_account, settings.ProFtpd(Modules())),
            "pure-ftpd" =>
                Start(name, found, settings, s_account,
                    settings.PureFtpd(Find("pure-pw") ?? throw new MeasurementException("pure-pw of pure-ftpd is missing"))),
            "pyftpdlib" => Start(name, found, settings, s_account, settings.Pyftpdlib()),
            _ => throw new ArgumentException("Unknown server: " + name, nameof(name)),
        };
    }

    private ServerProcess Start(string name, string program, PeerSettings settings, (string, string) account,
        IEnumerable<string> arguments) =>
        new(name, program, arguments, settings.Port, account, directory, IsUnpacked(program) ? Libraries() : null)
        {
            OverTls = settings.Certificate is not null,
        };

    private string? Find(string program)
    {
        // The Python of Debian is first, because only it finds the modules that Debian installs.
        string[] directories = ["/usr/bin", "/usr/sbin", "/usr/local/sbin",
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')];
        IEnumerable<string> peers = unpacked is null ? [] : [Path.Combine(unpacked, "usr/sbin"), Path.Combine(unpacked, "usr/bin")];
        return directories.Concat(peers).Select(path => Path.Combine(path, program)).FirstOrDefault(File.Exists);
    }

    private string Modules() =>
        (unpacked is not null && Directory.Exists(unpacked + "/usr/lib/proftpd") ? unpacked : "") + "/usr/lib/proftpd";

    private bool IsUnpacked(string program) => unpacked is not null && program.StartsWith(unpacked, StringComparison.Ordinal);

    private string Libraries() =>
        string.Join(':', Directory.Exists(unpacked + "/usr/lib") ? Directory.GetDirectories(unpacked + "/usr/lib", "*-linux-gnu*") : []);
}
