using System.Net;
using System.Net.Sockets;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.Peers;

/// <summary>Starts vsftpd with anonymous write access, because every other user would have to be a user of the system.</summary>
internal static class Vsftpd
{
    public static async Task<(ServerProcess Process, string User, string Password)> StartAsync(
        TempFolder home, IPEndPoint endPoint, string? certificate, string? clientAuthority, int maxPerAddress)
    {
        Tool tool = Tool.Require("vsftpd");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "vsftpd changes its root and its user, so root must start it.");
        bool isIPv6 = endPoint.AddressFamily == AddressFamily.InterNetworkV6;
        string configuration = home.Write("vsftpd.conf", $"""
            listen={(isIPv6 ? "NO" : "YES")}
            listen_ipv6={(isIPv6 ? "YES" : "NO")}
            listen_address{(isIPv6 ? "6" : "")}={endPoint.Address}
            listen_port={endPoint.Port}
            background=NO
            anonymous_enable=YES
            no_anon_password=YES
            anon_root={home["root"]}
            local_enable=NO
            write_enable=YES
            anon_upload_enable=YES
            anon_mkdir_write_enable=YES
            anon_other_write_enable=YES
            anon_world_readable_only=NO
            anon_umask=022
            mdtm_write=YES
            utf8_filesystem=YES
            force_dot_files=YES
            secure_chroot_dir={home.CreateFolder("empty")}
            connect_from_port_20=NO
            xferlog_enable=YES
            xferlog_std_format=NO
            log_ftp_protocol=YES
            vsftpd_log_file={home["vsftpd.log"]}
            max_clients=0
            max_per_ip={maxPerAddress}
            seccomp_sandbox=NO

            """ + (certificate is null ? "" : $"""
            ssl_enable=YES
            allow_anon_ssl=YES
            force_anon_logins_ssl=YES
            force_anon_data_ssl=YES
            require_ssl_reuse=YES
            strict_ssl_read_eof=YES
            ssl_ciphers=HIGH
            rsa_cert_file={certificate}

            """) + (clientAuthority is null ? "" : $"""
            require_cert=YES
            validate_cert=YES
            ca_certs_file={clientAuthority}

            """));
        return (await ServerProcess.StartAsync(tool, endPoint, home.Path, home["vsftpd.log"], configuration), "anonymous", "guest@");
    }
}
