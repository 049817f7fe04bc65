using System.Security.Authentication;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Interop.Tests.ServerInterop;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Many files in one call: over a few data connections with our server, file by file with other servers.</summary>
public sealed class BatchTests
{
    private const int Files = 1500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Many_small_files_are_transferred_over_a_few_data_connections(SslProtocols? protocol)
    {
        int dataConnections = 0;
        bool encrypted = protocol is not null;
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted, options => options with
        {
            // The reply is 150 for a new data connection and 125 for one that is already open.
            Trace = trace => Interlocked.Add(ref dataConnections, trace is { IsReply: true, Line: ['1', '5', '0', ..] } ? 1 : 0),
        });
        await using FtpClient client = CreateClient(server, protocol);
        using var local = new TempFolder();
        FtpBatchFile[] files = [.. Enumerable.Range(0, Files).Select(i => CreateBatchFile(local, i))];
        files[700] = files[700] with { RemotePath = $"{ServerUnderTest.WritablePath}/missing/x" };

        IReadOnlyList<FtpBatchResult> uploads = await client.UploadManyAsync(files, null, null, Token);
        Assert.Equal([files[700]], uploads.Where(result => !result.Succeeded).Select(result => result.File));
        Assert.All(files.Where(file => file != files[700]), file =>
        {
            string uploaded = server.GetServerPath(Path.GetFileName(file.RemotePath));
            Assert.Equal(File.ReadAllBytes(file.LocalPath), File.ReadAllBytes(uploaded));
            Assert.Equal(File.GetLastWriteTimeUtc(file.LocalPath), File.GetLastWriteTimeUtc(uploaded));
        });

        string folder = local.CreateFolder("back");
        FtpBatchFile[] targets =
            [.. files.Select(file => file with { LocalPath = Path.Combine(folder, Path.GetFileName(file.LocalPath)) })];
        IReadOnlyList<FtpBatchResult> downloads = await client.DownloadManyAsync(targets, null, null, Token);
        Assert.Equal([files[700].RemotePath], downloads.Where(result => !result.Succeeded).Select(result => result.File.RemotePath));
        Assert.All(files.Where(file => file != files[700]), file =>
        {
            string downloaded = Path.Combine(folder, Path.GetFileName(file.LocalPath));
            Assert.Equal(File.ReadAllBytes(file.LocalPath), File.ReadAllBytes(downloaded));
            Assert.Equal(File.GetLastWriteTimeUtc(file.LocalPath), File.GetLastWriteTimeUtc(downloaded));
        });
        Assert.Equal(Files - 1, Directory.GetFiles(folder).Length);
        // At most two in each direction for the small files, and one in each direction for the file that is too large for block mode.
        Assert.InRange(dataConnections, 2, 6);
        FtpTransferResult after = await client.UploadFileAsync(
            files[1].LocalPath, $"{ServerUnderTest.WritablePath}/after", null, null, Token);
        Assert.True(after.Reply!.IsCompletion);
    }

    [Fact]
    public async Task Without_block_mode_the_files_are_transferred_one_by_one()
    {
        await using PeerSession session = await PeerSession.StartAsync(PeerKind.Vsftpd, "127.0.0.1");
        using var local = new TempFolder();
        FtpBatchFile[] files =
            [.. Enumerable.Range(0, 30).Select(i => CreateBatchFile(local, i) with { RemotePath = $"{Peer.WritablePath}/{i}" })];
        AssertSucceeded(await session.Client.UploadManyAsync(files, null, null, Token));
        FtpBatchFile[] back = [.. files.Select(file => file with { LocalPath = file.LocalPath + ".back" })];
        AssertSucceeded(await session.Client.DownloadManyAsync(back, null, null, Token));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(file.LocalPath), File.ReadAllBytes(file.LocalPath + ".back")));

        static void AssertSucceeded(IReadOnlyList<FtpBatchResult> results) =>
            Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
    }

    /// <summary>Creates a file. Some files are empty, some have several blocks, and number 900 is too large for block mode.</summary>
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
