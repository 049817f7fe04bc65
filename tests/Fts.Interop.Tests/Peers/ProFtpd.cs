using System.Net;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.Peers;

/// <summary>Starts ProFTPD with its own password file, which has one virtual user.</summary>
internal static class ProFtpd
{
    public static async Task<(ServerProcess Process, string User, string Password)> StartAsync(
        TempFolder home, IPEndPoint endPoint, string? certificate, string? clientAuthority)
    {
        Tool tool = Tool.Require("proftpd");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "proftpd changes its user, so root must start it.");
        string users = home.Write("users", $"tester:{Peer.SecretHash}:65534:65534::{home["root"]}:/bin/sh\n");
        File.SetUnixFileMode(users, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string configuration = home.Write("proftpd.conf", $"""
            ModulePath {tool.Prefix}/usr/lib/proftpd
            ServerType standalone
            ServerName peer
            DefaultAddress {endPoint.Address}
            Port {endPoint.Port}
            SocketBindTight on
            UseIPv6 on
            UseReverseDNS off
            User nobody
            Group nogroup
            PidFile {home["proftpd.pid"]}
            ScoreboardFile {home["scoreboard"]}
            DelayEngine off
            SystemLog {home["proftpd.log"]}
            TransferLog NONE
            WtmpLog off
            DefaultRoot ~
            RequireValidShell off
            AuthOrder mod_auth_file.c
            AuthUserFile {users}
            Umask 022
            AllowOverwrite on
            AllowStoreRestart on
            AllowRetrieveRestart on
            LoadModule mod_deflate.c
            DeflateEngine on

            """ + (!File.Exists($"{tool.Prefix}/usr/lib/proftpd/mod_digest.so") ? "" : """
            LoadModule mod_digest.c
            DigestEngine on

            """) + (certificate is null ? "" : $"""
            LoadModule mod_tls.c
            TLSEngine on
            TLSRequired on
            TLSECCertificateFile {certificate}
            TLSECCertificateKeyFile {certificate}
            TLSLog {home["proftpd.log"]}

            """) + (clientAuthority is null ? "" : $"""
            TLSVerifyClient on
            TLSVerifyDepth 3
            TLSCACertificateFile {clientAuthority}

            """));
        string[] arguments = ["-n", "-q", "-c", configuration];
        return (await ServerProcess.StartAsync(tool, endPoint, home.Path, home["proftpd.log"], arguments), "tester", "secret");
    }
}
