using System.Diagnostics;
using System.Globalization;
using Fts.Bench.Load;

namespace Fts.Bench.Servers;

/// <summary>What each of the other servers is told: its configuration file where it has one, and its arguments.</summary>
/// <param name="Folder">What is served.</param>
/// <param name="Own">A folder of its own.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Port">The port of it.</param>
/// <param name="Certificate">Null for a server without TLS.</param>
internal sealed record PeerSettings(string Folder, string Own, string Address, int Port, Certificate? Certificate)
{
    /// <summary>"bench" by crypt(3) in its MD5 form: a costly one would measure the hash.</summary>
    private const string Hash = "$1$benchsal$98J0la5BNKskrvVHxWkii0";

    /// <summary>Anonymous clients, for any other user of its would have to be one of the system's.</summary>
    public IEnumerable<string> Vsftpd() => [Write("vsftpd.conf", $"""
        listen=YES
        listen_address={Address}
        listen_port={Port}
        background=NO
        anonymous_enable=YES
        no_anon_password=YES
        anon_root={Folder}
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
        string users = Write("proftpd.users", $"bench:{Hash}:65534:65534::{Folder}:/bin/sh\n");
        File.SetUnixFileMode(users, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (Certificate is not null && !File.Exists(modules + "/mod_tls.so"))
        {
            throw new LoadException("its mod_tls is neither installed nor unpacked");
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

    /// <summary>Its user database is made by <paramref name="accounts"/>, a program that comes with it.</summary>
    public IEnumerable<string> PureFtpd(string accounts)
    {
        string users = Write("pure.passwd", $"bench:{Hash}:65534:65534::{Folder}/./::::::::::::\n");
        string database = Path.Combine(Own, "pure.pdb");
        using (var make = Process.Start(accounts, ["mkdb", database, "-f", users]))
        {
            make.WaitForExit();
        }

        string[] tls = Certificate is null ? [] : ["-Y", "1", "-2", Certificate.BothFile];
        return ["-S", $"{Address},{PortText}", "-4", "-H", "-E", "-A", "-c", "20000", "-C", "20000", "-I", "60", "-L", "200000:5", "-u", "1", "-f", "none",
            "-l", "puredb:" + database, "-g", Path.Combine(Own, "pure.pid"), .. tls];
    }

    /// <summary>One asynchronous process, by the script beside this program.</summary>
    public IEnumerable<string> Pyftpdlib() =>
        [Path.Combine(AppContext.BaseDirectory, "Servers", "pyftpd.py"), Address, PortText, Folder, .. Certificate is null ? (string[])[] : [Certificate.BothFile]];

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
