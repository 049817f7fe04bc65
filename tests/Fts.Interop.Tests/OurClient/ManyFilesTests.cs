using System.Globalization;
using System.Net;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Running;

namespace Fts.Interop.Tests.OurClient;

/// <summary>Several files in one command of the program, with servers that know no block mode, and some that let only few connections in.</summary>
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
    public async Task Several_files_go_both_ways_over_as_many_connections_as_there_may_be(PeerKind kind, int mostPerAddress)
    {
        await using Peer peer = await Peer.StartAsync(kind, IPAddress.Loopback, mostPerAddress: mostPerAddress);
        using var local = new TestFolder();
        using var back = new TestFolder();
        for (int i = 0; i < Files; i++)
        {
            local.Write($"f{i}", new string((char)('a' + (i % 26)), i * 100));
        }

        local.Write("large", new string('x', 3_000_000));
        (int code, string messages) = await RunAsync(peer, local, $"cd {Peer.Box}\nput *\n");
        Assert.True(code == 0, messages);
        Assert.Contains($"uploaded {Files + 1} files (", messages, StringComparison.Ordinal);
        (code, messages) = await RunAsync(peer, back, $"cd {Peer.Box}\nget *\n");
        Assert.True(code == 0, messages);
        Assert.Contains($"downloaded {Files + 1} files (", messages, StringComparison.Ordinal);
        Assert.Equal(local.Names, back.Names);
        Assert.All(local.Names, name => Assert.Equal(local.Read(name), back.Read(name)));
    }

    private static async Task<(int Code, string Messages)> RunAsync(Peer peer, TestFolder folder, string input)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(
            folder.Path, ["client", "127.0.0.1", peer.EndPoint.Port.ToString(CultureInfo.InvariantCulture), "--user", peer.User, "--tls", "off"], input, ("FTS_PASSWORD", peer.Password));
        return (code, messages);
    }
}
