using System.Globalization;
using System.Net;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>
/// Several files in one command of the program, with servers that do not support block mode. Some of them limit the number of connections.
/// </summary>
public sealed class ManyFilesTests
{
    private const int Files = 40;

    [Theory]
    [InlineData(PeerKind.Vsftpd, 0)]
    [InlineData(PeerKind.Vsftpd, 1)]
    [InlineData(PeerKind.Vsftpd, 2)]
    [InlineData(PeerKind.Pyftpdlib, 0)]
    [InlineData(PeerKind.PureFtpd, 0)]
    [InlineData(PeerKind.ProFtpd, 0)]
    public async Task Several_files_are_transferred_over_as_many_connections_as_the_server_allows(PeerKind kind, int maxPerAddress)
    {
        await using Peer peer = await Peer.StartAsync(kind, IPAddress.Loopback, maxPerAddress: maxPerAddress);
        using var local = new TestFolder();
        using var back = new TestFolder();
        for (int i = 0; i < Files; i++)
        {
            local.Write($"f{i}", new string((char)('a' + (i % 26)), i * 100));
        }

        local.Write("large", new string('x', 3_000_000));
        (int code, string messages) = await RunAsync(peer, local, $"cd {Peer.WritablePath}\nput *\n");
        Assert.True(code == 0, messages);
        Assert.Contains($"uploaded {Files + 1} files (", messages, StringComparison.Ordinal);
        (code, messages) = await RunAsync(peer, back, $"cd {Peer.WritablePath}\nget *\n");
        Assert.True(code == 0, messages);
        Assert.Contains($"downloaded {Files + 1} files (", messages, StringComparison.Ordinal);
        Assert.Equal(local.Names, back.Names);
        Assert.All(local.Names, name => Assert.Equal(local.Read(name), back.Read(name)));
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd, 0)]
    [InlineData(PeerKind.Vsftpd, 1)]
    [InlineData(PeerKind.Pyftpdlib, 0)]
    [InlineData(PeerKind.PureFtpd, 0)]
    [InlineData(PeerKind.ProFtpd, 0)]
    public async Task A_tree_is_mirrored_in_both_directions_and_is_unchanged(PeerKind kind, int maxPerAddress)
    {
        await using Peer peer = await Peer.StartAsync(kind, IPAddress.Loopback, maxPerAddress: maxPerAddress);
        using var local = new TestFolder();
        for (int i = 0; i < Files; i++)
        {
            Directory.CreateDirectory(local[$"src/d{i % 7}/inner"]);
            local.Write($"src/d{i % 7}/f{i}", new string('x', i * 100));
            File.SetLastWriteTimeUtc(local[$"src/d{i % 7}/f{i}"], new DateTime(2020, 1, 1, 0, 0, i, DateTimeKind.Utc));
        }

        string url = $"ftp://{peer.User}@127.0.0.1:{peer.EndPoint.Port}/%2F{Peer.WritablePath.TrimStart('/')}/tree";
        Assert.Contains($"uploaded {Files} files (", await MirrorAsync(peer, local, "src", url), StringComparison.Ordinal);
        Assert.Contains(
            $"nothing to transfer, {Files} files unchanged", await MirrorAsync(peer, local, "src", url), StringComparison.Ordinal);
        Assert.Contains($"downloaded {Files} files (", await MirrorAsync(peer, local, url, "back"), StringComparison.Ordinal);
        Assert.Contains(
            $"nothing to transfer, {Files} files unchanged", await MirrorAsync(peer, local, url, "back"), StringComparison.Ordinal);
        Assert.Equal(ListTree(local["src"]), ListTree(local["back"]));

        local.Write("src/d0/f0", "another size");
        Assert.Contains("uploaded src/d0/f0 (12 bytes)", await MirrorAsync(peer, local, "src", url), StringComparison.Ordinal);
    }

    private static string[] ListTree(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path) + (File.Exists(path) ? "=" + File.ReadAllText(path) : ""))
                .Order(StringComparer.Ordinal)];

    private static async Task<string> MirrorAsync(Peer peer, TestFolder folder, string source, string target)
    {
        await peer.WaitForConnectionsToEndAsync();
        (int code, _, string messages) = await RunningProgram.RunAsync(
            folder.Path, ["mirror", source, target, "--tls", "off"], "", ("FTS_PASSWORD", peer.Password));
        Assert.True(code == 0, messages);
        return messages;
    }

    private static async Task<(int Code, string Messages)> RunAsync(Peer peer, TestFolder folder, string input)
    {
        await peer.WaitForConnectionsToEndAsync();
        string port = peer.EndPoint.Port.ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["client", "127.0.0.1", port, "--user", peer.User, "--tls", "off"];
        (int code, _, string messages) = await RunningProgram.RunAsync(folder.Path, arguments, input, ("FTS_PASSWORD", peer.Password));
        return (code, messages);
    }
}
