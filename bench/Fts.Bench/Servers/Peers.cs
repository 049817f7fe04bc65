using Fts.Bench.Load;

namespace Fts.Bench.Servers;

/// <summary>
/// The other servers, each as fast as its manual lets it be: limits, name look-ups, ident, delays and logs off, sendfile on, passwords by a cheap hash.
/// Each runs twice where TLS is measured, plain and with a certificate: ProFTPD reads its key anew for each session, and its plain figures would pay for it.
/// </summary>
internal sealed class Peers(string? unpacked, string address, string folder, string scratch, Certificate certificate)
{
    private static readonly (string, string) s_account = ("bench", "bench");

    public static IReadOnlyList<string> Names => ["vsftpd", "pure-ftpd", "proftpd", "pyftpdlib"];

    /// <exception cref="LoadException">It cannot be started, and why.</exception>
    public ServerProcess Start(string name, bool overTls)
    {
        if (!Environment.IsPrivilegedProcess && name != "pyftpdlib")
        {
            throw new LoadException("it must be started by root");
        }

        string program = name == "pyftpdlib" ? "python3" : name;
        string found = Find(program) ?? throw new LoadException($"{program} is neither installed nor unpacked");
        string own = Directory.CreateDirectory(Path.Combine(scratch, overTls ? name + "-tls" : name)).FullName;
        var settings = new PeerSettings(folder, own, address, ServerProcess.FreePort(), overTls ? certificate : null);
        return name switch
        {
            "vsftpd" => Start(name, found, settings, ("anonymous", "bench@"), settings.Vsftpd()),
            "proftpd" => Start(name, found, settings, s_account, settings.ProFtpd(Modules())),
            "pure-ftpd" => Start(name, found, settings, s_account, settings.PureFtpd(Find("pure-pw") ?? throw new LoadException("pure-pw belongs to pure-ftpd and is not there"))),
            "pyftpdlib" => Start(name, found, settings, s_account, settings.Pyftpdlib()),
            _ => throw new ArgumentException("No such server: " + name, nameof(name)),
        };
    }

    private ServerProcess Start(string name, string program, PeerSettings settings, (string, string) account, IEnumerable<string> arguments) =>
        new(name, program, arguments, settings.Port, account, folder, IsUnpacked(program) ? Libraries() : null) { OverTls = settings.Certificate is not null };

    private string? Find(string program)
    {
        // Debian's own Python comes first: it sees the modules that Debian installs.
        string[] folders = ["/usr/bin", "/usr/sbin", "/usr/local/sbin", .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')];
        IEnumerable<string> peers = unpacked is null ? [] : [Path.Combine(unpacked, "usr/sbin"), Path.Combine(unpacked, "usr/bin")];
        return folders.Concat(peers).Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
    }

    private string Modules() => (unpacked is not null && Directory.Exists(unpacked + "/usr/lib/proftpd") ? unpacked : "") + "/usr/lib/proftpd";

    private bool IsUnpacked(string program) => unpacked is not null && program.StartsWith(unpacked, StringComparison.Ordinal);

    private string Libraries() => string.Join(':', Directory.Exists(unpacked + "/usr/lib") ? Directory.GetDirectories(unpacked + "/usr/lib", "*-linux-gnu*") : []);
}
