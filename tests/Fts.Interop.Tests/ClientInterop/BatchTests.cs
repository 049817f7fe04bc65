using System.Security.Authentication;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Interop.Tests.ServerInterop;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Many files at once, both ways: over few data connections with our server, file by file with others.</summary>
public sealed class BatchTests
{
    private const int Files = 1500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_tree_of_small_files_goes_both_ways_over_few_data_connections(SslProtocols? protocol)
    {
        int transfers = 0;
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: protocol is not null, options => options with
        {
            Trace = trace => Interlocked.Add(ref transfers, trace is { IsReply: true, Line: ['1', '5', '0', ..] } ? 1 : 0), // 125 where the connection is open already
        });
        await using FtpClient client = CreateClient(server, protocol);
        using var local = new TempFolder();
        FtpBatchFile[] files = [.. Enumerable.Range(0, Files).Select(i => CreateBatchFile(local, i))];
        files[700] = files[700] with { RemotePath = $"{ServerUnderTest.WritablePath}/missing/x" };

        IReadOnlyList<FtpBatchResult> up = await client.UploadManyAsync(files, null, null, Token);
        Assert.Equal([files[700]], up.Where(result => !result.Succeeded).Select(result => result.File));
        Assert.All(files.Where(file => file != files[700]), file =>
        {
            string there = server.GetServerPath(Path.GetFileName(file.RemotePath));
            Assert.Equal(File.ReadAllBytes(file.LocalPath), File.ReadAllBytes(there));
            Assert.Equal(File.GetLastWriteTimeUtc(file.LocalPath), File.GetLastWriteTimeUtc(there));
        });

        string folder = local.CreateFolder("back");
        IReadOnlyList<FtpBatchResult> down = await client.DownloadManyAsync([.. files.Select(file => file with { LocalPath = Path.Combine(folder, Path.GetFileName(file.LocalPath)) })], null, null, Token);
        Assert.Equal([files[700].RemotePath], down.Where(result => !result.Succeeded).Select(result => result.File.RemotePath));
        Assert.All(files.Where(file => file != files[700]), file =>
        {
            string here = Path.Combine(folder, Path.GetFileName(file.LocalPath));
            Assert.Equal(File.ReadAllBytes(file.LocalPath), File.ReadAllBytes(here));
            Assert.Equal(File.GetLastWriteTimeUtc(file.LocalPath), File.GetLastWriteTimeUtc(here));
        });
        Assert.Equal(Files - 1, Directory.GetFiles(folder).Length);
        // Two for so many, one way, and the other; and the one file that is too large for this.
        Assert.InRange(transfers, 2, 6);
        Assert.True((await client.UploadFileAsync(files[1].LocalPath, $"{ServerUnderTest.WritablePath}/after", null, null, Token)).Reply!.IsCompletion);
    }

    [Fact]
    public async Task A_server_without_block_mode_takes_and_gives_them_file_by_file()
    {
        await using PeerSession session = await PeerSession.StartAsync(PeerKind.Vsftpd, "127.0.0.1");
        using var local = new TempFolder();
        FtpBatchFile[] files = [.. Enumerable.Range(0, 30).Select(i => CreateBatchFile(local, i) with { RemotePath = $"{Peer.WritablePath}/{i}" })];
        Assert.All(await session.Client.UploadManyAsync(files, null, null, Token), result => Assert.True(result.Succeeded, result.Exception?.Message));
        FtpBatchFile[] back = [.. files.Select(file => file with { LocalPath = file.LocalPath + ".back" })];
        Assert.All(await session.Client.DownloadManyAsync(back, null, null, Token), result => Assert.True(result.Succeeded, result.Exception?.Message));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(file.LocalPath), File.ReadAllBytes(file.LocalPath + ".back")));
    }

    /// <summary>Empty ones, some of several blocks, and one that goes by itself.</summary>
    private static FtpBatchFile CreateBatchFile(TempFolder folder, int i)
    {
        byte[] content = new byte[i == 900 ? 1_000_000 : i % 100 == 7 ? 200_000 : i % 10 * 500];
        new Random(i).NextBytes(content);
        string path = folder[$"f{i}"];
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(i));
        return new FtpBatchFile(path, $"{ServerUnderTest.WritablePath}/f{i}");
    }

    private static FtpClient CreateClient(ServerUnderTest server, SslProtocols? protocol)
    {
        var options = new FtpClientOptions { Host = server.Host, Port = server.EndPoint.Port, Tls = FtpTlsMode.Off };
        return new FtpClient(protocol is null ? options : options with
        {
            Tls = FtpTlsMode.Required,
            TlsProtocols = protocol.Value,
            Trust = new FtpTrust { ValidateAsync = (_, _) => new(true) },
        });
    }
}
