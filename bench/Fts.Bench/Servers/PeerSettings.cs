using System.Diagnostics;
using System.Globalization;
using Fts.Bench.Load;

namespace Fts.Bench.Servers;

/// <summary>The arguments of the other servers, and their configuration files if they need one.</summary>
/// <param name="Served">The served directory.</param>
/// <param name="Own">A directory for the files of the server.</param>
/// <param name="Address">The address to listen on.</param>
/// <param name="Port">The port to listen on.</param>
/// <param name="Certificate">The certificate, or null for a server without TLS.</param>
internal sealed record PeerSettings(string Served, string Own, string Address, int Port, Certificate? Certificate)
{
    /// <summary>The MD5 hash of "bench" by crypt(3). A slower hash would dominate the measurement.</summary>
    private const string Hash = "$1$benchsal$98J0la5BNKskrvVHxWkii0";

    /// <summary>Configures anonymous access, because other users of vsftpd must be users of the system.</summary>
    public IEnumerable<string> Vsftpd() => [Write("vsftpd.conf", $"""
        listen=YES
        listen_address={Address}
        listen_port={Port}
        background=NO
        anonymous_enable=YES
        no_anon_password=YES
        anon_root={Served}
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
        secure_chroot_dir={Directory.CreateDirectory(Path.Combine(Own, "empty")).FullName}
        idle_session_timeout=3600
        seccomp_sandbox=NO
        {VsftpdTls}

        """)];

    public IEnumerable<string> ProFtpd(string modules)
    {
        string users = Write("proftpd.users", $"bench:{Hash}:65534:65534::{Served}:/bin/sh\n");
        File.SetUnixFileMode(users, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (Certificate is not null && !File.Exists(modules + "/mod_tls.so"))
        {
            throw new MeasurementException("mod_tls of ProFTPD is neither installed nor unpacked");
        }

        return ["-n", "-q", "-c", Write("proftpd.conf", $"""
            ModulePath {modules}
            ServerType standalone
            ServerName bench
            DefaultAddress {Address}
            Port {Port}
            SocketBindTight on
            UseIPv6 off
            UseReverseDNS off
            User nobody
            Group nogroup
            PidFile {Own}/proftpd.pid
            ScoreboardFile {Own}/proftpd.score
            DelayEngine off
            SystemLog {Own}/proftpd.log
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
            {ProFtpdTls}

            """)];
    }

    /// <summary>Creates the user database with <paramref name="accounts"/>, the path of pure-pw.</summary>
    public IEnumerable<string> PureFtpd(string accounts)
    {
        string users = Write("pure.passwd", $"bench:{Hash}:65534:65534::{Served}/./::::::::::::\n");
        string database = Path.Combine(Own, "pure.pdb");
        using (var make = Process.Start(accounts, ["mkdb", database, "-f", users]))
        {
            make.WaitForExit();
        }

        string[] tls = Certificate is null ? [] : ["-Y", "1", "-2", Certificate.BothFile];
        return ["-S", $"{Address},{PortText}", "-4", "-H", "-E", "-A", "-c", "20000", "-C", "20000", "-I", "60", "-L", "200000:5", "-u",
            "1",
            "-f", "none", "-l", "puredb:" + database, "-g", Path.Combine(Own, "pure.pid"), .. tls];
    }

    /// <summary>Starts one asynchronous process with the script beside this program.</summary>
    public IEnumerable<string> Pyftpdlib() =>
    [
        Path.Combine(AppContext.BaseDirectory, "Servers", "pyftpd.py"), Address, PortText, Served,
        .. Certificate is null ? (string[])[] : [Certificate.BothFile],
    ];

    private string VsftpdTls => Certificate is null ? "" : $"""
        ssl_enable=YES
        allow_anon_ssl=YES
        ssl_tlsv1=YES
        require_ssl_reuse=NO
        ssl_ciphers=HIGH
        rsa_cert_file={Certificate.File}
        rsa_private_key_file={Certificate.KeyFile}
        """;

    private string ProFtpdTls => Certificate is null ? "" : $"""
        LoadModule mod_tls.c
        TLSEngine on
        TLSProtocol TLSv1.2 TLSv1.3
        TLSRequired off
        TLSECCertificateFile {Certificate.File}
        TLSECCertificateKeyFile {Certificate.KeyFile}
        TLSOptions NoSessionReuseRequired
        TLSVerifyClient off
        """;

    private string PortText => Port.ToString(CultureInfo.InvariantCulture);

    private string Write(string name, string text)
    {
        string path = Path.Combine(Own, name);
        File.WriteAllText(path, text);
        return path;
    }
}
