using System.Globalization;

namespace Fts.Bench.Servers;

/// <summary>
/// The other servers, each as fast as its manual lets it be: limits, name look-ups, ident, delays and logs off, sendfile on, passwords by a cheap hash.
/// vsftpd serves anonymous clients, for any other user of its would have to be one of the system's.
/// </summary>
internal sealed class Peers(string? unpacked, string folder, string scratch)
{
    /// <summary>"bench" by crypt(3) in its MD5 form: a costly one would measure the hash.</summary>
    private const string Hash = "$1$benchsal$98J0la5BNKskrvVHxWkii0";

    private static readonly (string, string) s_account = ("bench", "bench");

    public static IReadOnlyList<string> Names => ["vsftpd", "pure-ftpd", "proftpd", "pyftpdlib"];

    /// <summary>Starts a server, or says in <paramref name="reason"/> why it cannot.</summary>
    public ServerProcess? TryStart(string name, out string reason)
    {
        reason = "";
        if (!Environment.IsPrivilegedProcess && name != "pyftpdlib")
        {
            reason = "it must be started by root";
            return null;
        }

        string program = name == "pyftpdlib" ? "python3" : name;
        if (Find(program) is not { } found)
        {
            reason = $"{program} is neither installed nor unpacked";
            return null;
        }

        int port = ServerProcess.FreePort();
        return name switch
        {
            "vsftpd" => Start(name, found, port, ("anonymous", "bench@"), Write("vsftpd.conf", Vsftpd(port))),
            "proftpd" => Start(name, found, port, s_account, "-n", "-q", "-c", Write("proftpd.conf", ProFtpd(port))),
            "pure-ftpd" => Start(name, found, port, s_account, PureFtpd(port)),
            "pyftpdlib" => Start(name, found, port, s_account, Path.Combine(AppContext.BaseDirectory, "Servers", "pyftpd.py"), Text(port), folder),
            _ => throw new ArgumentException("No such server: " + name, nameof(name)),
        };
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private ServerProcess Start(string name, string program, int port, (string, string) account, params IEnumerable<string> arguments) =>
        new(name, program, arguments, port, account, folder, IsUnpacked(program) ? Libraries() : null);

    private string Vsftpd(int port) => $"""
        listen=YES
        listen_address=127.0.0.1
        listen_port={port}
        background=NO
        anonymous_enable=YES
        no_anon_password=YES
        anon_root={folder}
        local_enable=NO
        write_enable=YES
        anon_upload_enable=YES
        anon_mkdir_write_enable=YES
        anon_other_write_enable=YES
        anon_world_readable_only=NO
        anon_umask=022
        use_sendfile=YES
        max_clients=0
        max_per_ip=0
        xferlog_enable=NO
        dual_log_enable=NO
        connect_from_port_20=NO
        secure_chroot_dir={Directory.CreateDirectory(Path.Combine(scratch, "empty")).FullName}
        idle_session_timeout=3600
        seccomp_sandbox=NO

        """;

    private string ProFtpd(int port)
    {
        string users = Write("proftpd.users", $"bench:{Hash}:65534:65534::{folder}:/bin/sh\n");
        File.SetUnixFileMode(users, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return $"""
            ModulePath {(unpacked is not null && Directory.Exists(unpacked + "/usr/lib/proftpd") ? unpacked : "")}/usr/lib/proftpd
            ServerType standalone
            ServerName bench
            DefaultAddress 127.0.0.1
            Port {port}
            SocketBindTight on
            UseIPv6 off
            UseReverseDNS off
            User nobody
            Group nogroup
            PidFile {scratch}/proftpd.pid
            ScoreboardFile {scratch}/proftpd.score
            DelayEngine off
            SystemLog {scratch}/proftpd.log
            TransferLog NONE
            WtmpLog off
            MaxInstances 20000
            MaxClients none
            TimeoutIdle 3600
            TimeoutNoTransfer 3600
            DefaultRoot ~
            RequireValidShell off
            AuthOrder mod_auth_file.c
            AuthUserFile {users}
            AllowOverwrite on
            UseSendfile on

            """;
    }

    private IEnumerable<string> PureFtpd(int port)
    {
        string users = Write("pure.passwd", $"bench:{Hash}:65534:65534::{folder}/./::::::::::::\n");
        string database = Path.Combine(scratch, "pure.pdb");
        string accounts = Find("pure-pw") ?? throw new FileNotFoundException("pure-pw belongs to pure-ftpd and is not there");
        using (var make = System.Diagnostics.Process.Start(accounts, ["mkdb", database, "-f", users]))
        {
            make.WaitForExit();
        }

        return ["-S", "127.0.0.1," + Text(port), "-4", "-H", "-E", "-A", "-c", "20000", "-C", "20000", "-I", "60", "-L", "200000:5", "-u", "1", "-f", "none",
            "-l", "puredb:" + database, "-g", Path.Combine(scratch, "pure.pid")];
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(scratch, name);
        File.WriteAllText(path, text);
        return path;
    }

    private string? Find(string program)
    {
        // Debian's own Python comes first: it sees the modules that Debian installs.
        string[] folders = ["/usr/bin", "/usr/sbin", "/usr/local/sbin", .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')];
        IEnumerable<string> peers = unpacked is null ? [] : [Path.Combine(unpacked, "usr/sbin"), Path.Combine(unpacked, "usr/bin")];
        return folders.Concat(peers).Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
    }

    private bool IsUnpacked(string program) => unpacked is not null && program.StartsWith(unpacked, StringComparison.Ordinal);

    private string Libraries() => string.Join(':', Directory.Exists(unpacked + "/usr/lib") ? Directory.GetDirectories(unpacked + "/usr/lib", "*-linux-gnu*") : []);
}
