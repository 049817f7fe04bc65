using System.Net;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary><c>fts doctor</c> with other servers: the verdicts that each of them gets.</summary>
public sealed class DoctorTests
{
    private static readonly string[] Start = ["ok name", "ok port", "ok greeting"];

    [Theory]
    [InlineData(PeerKind.Vsftpd, "note hash", "note set-time", "note join", "note compression", "note mlsd")]
    [InlineData(PeerKind.ProFtpd, "ok hash", "ok set-time", "note join", "ok compression", "ok mlsd")]
    [InlineData(PeerKind.PureFtpd, "note hash", "ok set-time", "note join", "note compression", "ok mlsd")]
    [InlineData(PeerKind.Pyftpdlib, "note hash", "ok set-time", "note join", "note compression", "ok mlsd")]
    [InlineData(PeerKind.Fts, "ok hash", "ok set-time", "ok join", "ok compression", "ok mlsd")]
    public async Task Each_server_has_no_problem_and_its_own_features(PeerKind kind, params string[] features)
    {
        await using Peer peer = await Peer.StartAsync(kind, IPAddress.Loopback);
        (int code, string[] lines) = await RunAsync(peer, Peer.WritablePath, "--write", "--tls", kind == PeerKind.Fts ? "auto" : "off");
        string output = string.Join('\n', lines);
        Assert.True(code == 0, output);
        string[] verdicts = GetVerdicts(lines);
        Assert.Equal(Start, verdicts[..3]);
        Assert.All(
            ["ok login", "ok path", "ok resume", "ok epsv", "ok pasv", "ok active", "ok listing", "ok upload", "ok download", "ok clean-up",
                "ok connections", .. features],
            verdict => Assert.True(verdicts.Contains(verdict), $"{verdict} is missing in\n{output}"));
        Assert.DoesNotContain(verdicts, verdict => verdict.StartsWith("problem ", StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(peer.WritableFolder, ".fts-doctor*"));
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task Servers_that_require_resumed_sessions_get_six_of_six(PeerKind kind)
    {
        await using Peer peer = await Peer.StartAsync(kind, IPAddress.Loopback, encrypted: true);
        (int code, string[] lines) = await RunAsync(peer, "", "--tls", "required");
        Assert.True(code == 0, string.Join('\n', lines));
        Assert.Contains("ok       resumption   6 of 6 data connections resumed the TLS session", lines);
        Assert.Contains(lines, line => line.StartsWith("ok       tls          AUTH TLS (explicit) with TLS 1.3", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith(
            "note     certificate  not from a trusted authority, valid until ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_connection_limit_of_vsftpd_is_found()
    {
        await using Peer peer = await Peer.StartAsync(PeerKind.Vsftpd, IPAddress.Loopback, maxPerAddress: 3);
        await peer.WaitForConnectionsToEndAsync();
        (int code, string[] lines) = await RunAsync(peer, "", "--tls", "off");
        string output = string.Join('\n', lines);
        Assert.True(code == 0, output);
        Assert.Contains(lines, line => line.StartsWith(
            "note     connections  the server accepts 3 of 4 connections; fts then uses no more (421 ", StringComparison.Ordinal));
    }

    /// <summary>Returns the status and the name of each check.</summary>
    private static string[] GetVerdicts(string[] lines) =>
        [.. lines.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2)))];

    private static async Task<(int Code, string[] Lines)> RunAsync(Peer peer, string path, params string[] options)
    {
        using var folder = new TestFolder();
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            folder.Path, ["doctor", $"ftp://{peer.User}@{peer.EndPoint}{path}", .. options], "", ("FTS_PASSWORD", peer.Password));
        TestContext.Current.TestOutputHelper?.WriteLine(data + messages);
        return (code, (data + messages).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
