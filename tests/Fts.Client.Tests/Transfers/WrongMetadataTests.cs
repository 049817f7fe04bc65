using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Transfers;

/// <summary>
/// Sizes, times and types that servers report wrongly or not at all. They do not prevent a transfer, and a truncated file never counts as
/// complete.
/// </summary>
public sealed class WrongMetadataTests : IDisposable
{
    private const string Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";
    private const string Retr = Passive + "C: RETR a.txt\nS: 150 go\nD> hello\nD.\nS: 226 done\n";
    private const string Facts = "MLST type*;size*;modify*;", Restart = "REST STREAM";
    private const string MetadataExchange =
        "C: MLST a.txt\nS: 250-Listing\nS:  type=file;size=10;modify=20240102030405; a.txt\nS: 250 End\n";
    private const string Interrupted = Passive + "C: RETR a.txt\nS: 150 go\nD> hello\nX!\nD.\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_folder.FullName, "a.txt");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("213 3", "213 3", 3)]
    [InlineData("213 0", "213 0", 0)]
    [InlineData("213 3", "213 5", 3)]
    [InlineData("213 3", "213 9", 3)]
    [InlineData("213 3", "550 gone", 3)]
    public async Task A_file_that_is_longer_than_SIZE_reports_is_kept_with_a_warning(string before, string after, int reported)
    {
        FtpTransferResult result = await GetAsync(["SIZE"], $"C: SIZE a.txt\nS: {before}\n{Retr}C: SIZE a.txt\nS: {after}");
        Assert.Equal((5, FtpTransferWarning.LongerThanReported, reported), (result.Bytes, result.Warning, result.ReportedLength));
        Assert.Equal("hello", await File.ReadAllTextAsync(Target, Token));
        Assert.Single(_folder.EnumerateFiles());
    }

    [Fact]
    public async Task A_file_that_is_longer_than_the_150_reply_announces_is_kept_with_a_warning()
    {
        FtpTransferResult result = await GetAsync(["X"], Retr.Replace("150 go", "150 go (3 bytes)", StringComparison.Ordinal));
        Assert.Equal((5, FtpTransferWarning.LongerThanReported, 3), (result.Bytes, result.Warning, result.ReportedLength));
    }

    [Fact]
    public async Task A_stream_that_is_longer_than_SIZE_reports_is_not_an_error()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + $"C: SIZE a.txt\nS: 213 3\n{Retr}");
        await using var client = new FtpClient(peer.Options);
        using var target = new MemoryStream();
        FtpTransferResult result = await client.DownloadAsync(target, "a.txt", null, null, Token);
        Assert.Equal((5, 5, FtpTransferWarning.LongerThanReported), (target.Length, result.Bytes, result.Warning));
    }

    [Fact]
    public async Task A_read_stream_may_be_longer_than_the_150_reply_announces()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + Retr.Replace("150 go", "150 go (3 bytes)", StringComparison.Ordinal));
        await using var client = new FtpClient(peer.Options);
        await using Stream stream = await client.OpenReadAsync("a.txt", 0, Token);
        using var reader = new StreamReader(stream);
        Assert.Equal("hello", await reader.ReadToEndAsync(Token));
    }

    [Theory]
    [InlineData("213 9", "213 9")]
    [InlineData("213 9", "213 3")]
    [InlineData("213 9", "550 gone")]
    [InlineData("213 3", "213 2")]
    public async Task A_file_that_is_shorter_than_SIZE_reports_is_not_kept(string before, string after)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + $"C: SIZE a.txt\nS: {before}\n{Retr}C: SIZE a.txt\nS: {after}");
        await using var client = new FtpClient(peer.Options);
        await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
        Assert.False(File.Exists(Target));
    }

    [Theory]
    [InlineData("213 5", true)]
    [InlineData("213 9", false)]
    [InlineData("213 4", false)]
    [InlineData("550 no", false)]
    public async Task A_length_from_LIST_that_is_too_large_is_compared_with_SIZE(string size, bool isWhole)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + $"{Retr}C: SIZE a.txt\nS: {size}");
        await using var client = new FtpClient(peer.Options);
        var known = new FtpEntry
        {
            Path = "a.txt",
            Name = "a.txt",
            Kind = Fts.Protocol.FtpEntryKind.File,
            Length = 512,
            Source = Fts.Protocol.FtpEntrySource.Unix,
        };
        Task<FtpTransferResult> download = client.DownloadFileAsync(
            Target, "a.txt", new FtpTransferOptions { SourceEntry = known }, null, Token);
        if (isWhole)
        {
            Assert.Equal(FtpVerifiedBy.Length, (await download).VerifiedBy);
        }
        else
        {
            await Assert.ThrowsAsync<FtpIntegrityException>(() => download);
        }

        Assert.Equal(isWhole, File.Exists(Target));
    }

    [Fact]
    public async Task A_large_file_that_grows_after_the_transfer_is_kept_with_a_warning()
    {
        const int Length = 1024 * 1024;
        string content = new('x', Length);
        FtpTransferResult result = await GetAsync(
            ["SIZE", "MDTM"],
            $"C: SIZE a.txt\nS: 213 {Length}\nC: MDTM a.txt\nS: 213 20240102030405\n"
            + Retr.Replace("hello", content, StringComparison.Ordinal)
            + $"C: SIZE a.txt\nS: 213 {Length + 7}\nC: MDTM a.txt\nS: 213 20240102030409");
        Assert.Equal((Length, FtpTransferWarning.StillGrowing, Length + 7), (result.Bytes, result.Warning, result.ReportedLength));
    }

    [Theory]
    [InlineData(0, "20240102030409")]
    [InlineData(-1, "20240102030405")]
    public async Task A_large_file_that_changes_without_growing_is_not_kept(int growth, string modified)
    {
        const int Length = 1024 * 1024;
        string content = new('x', Length);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", "MDTM")
            + $"C: SIZE a.txt\nS: 213 {Length}\nC: MDTM a.txt\nS: 213 20240102030405\n"
            + Retr.Replace("hello", content, StringComparison.Ordinal)
            + $"C: SIZE a.txt\nS: 213 {Length + growth}\nC: MDTM a.txt\nS: 213 {modified}");
        await using var client = new FtpClient(peer.Options);
        var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
        Assert.Equal(FtpIntegrityFailure.SourceChanged, e.Failure);
    }

    [Theory]
    [InlineData("213 -1")]
    [InlineData("213 many")]
    [InlineData("213 99999999999999999999")]
    [InlineData("226 what")]
    [InlineData("450 busy")]
    [InlineData("501 what")]
    [InlineData("550 SIZE not allowed in ASCII mode")]
    [InlineData("553 no")]
    public async Task A_download_succeeds_without_a_size(string reply)
    {
        FtpTransferResult result = await GetAsync(["SIZE"], $"C: SIZE a.txt\nS: {reply}\n{Retr}");
        Assert.Equal((5, FtpVerifiedBy.Reply, FtpTransferWarning.None), (result.Bytes, result.VerifiedBy, result.Warning));
        Assert.Equal("hello", await File.ReadAllTextAsync(Target, Token));
    }

    [Fact]
    public async Task A_size_with_a_unit_is_compared()
    {
        FtpTransferResult result = await GetAsync(["SIZE"], $"C: SIZE a.txt\nS: 213 5 bytes\n{Retr}");
        Assert.Equal(FtpVerifiedBy.Length, result.VerifiedBy);
    }

    [Theory]
    [InlineData("213 191240102030405", "2024-01-02T03:04:05.0000000Z")]
    [InlineData("250 20240102030405", "2024-01-02T03:04:05.0000000Z")]
    [InlineData("213 yesterday", null)]
    [InlineData("450 busy", null)]
    [InlineData("501 what", null)]
    public async Task A_download_has_the_last_modified_time_of_the_server_if_it_can_be_parsed(string reply, string? time)
    {
        FtpTransferResult result = await GetAsync(["SIZE", "MDTM"], $"C: SIZE a.txt\nS: 213 5\nC: MDTM a.txt\nS: {reply}\n{Retr}");
        Assert.Equal(time, result.LastModified?.UtcDateTime.ToString("O"));
    }

    [Theory]
    [InlineData("S: 250 here it is\nC: SIZE a.txt\nS: 213 5")]
    [InlineData("S: 250-x\nS: rubbish\nS: 250 End\nC: SIZE a.txt\nS: 213 5")]
    [InlineData("S: 250 type=file;size=5; a.txt")]
    public async Task A_download_succeeds_after_an_unreadable_MLST_reply(string replies)
    {
        FtpTransferResult result = await GetAsync(["MLST", "SIZE"], $"C: MLST a.txt\n{replies}\n{Retr}");
        Assert.Equal((5, FtpVerifiedBy.Length), (result.Bytes, result.VerifiedBy));
    }

    [Theory]
    [InlineData("500 what")]
    [InlineData("502 no")]
    [InlineData("504 no")]
    [InlineData("451 not now")]
    public async Task A_server_that_rejects_TYPE_I_is_still_used(string reply)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE").Replace("S: 200 binary", $"S: {reply}", StringComparison.Ordinal)
                + $"C: SIZE a.txt\nS: 213 5\n{Retr}");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(5, (await client.DownloadFileAsync(Target, "a.txt", null, null, Token)).Bytes);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_resumed_download_that_exceeds_the_size_restarts_from_the_beginning()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Passive
            + "C: REST 5\nS: 350 ready\nC: RETR a.txt\nS: 150 go\nD> world!!!\nC: ABOR\nS: 426 a\nS: 226 b\n"
            + Passive + "C: RETR a.txt\nS: 150 go\nD> helloworld!!!\nD.\nS: 226 done\n" + MetadataExchange);
        await using (var client = new FtpClient(peer.Options))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
            Assert.Equal((13, 0, FtpTransferWarning.LongerThanReported), (result.Bytes, result.ResumedBytes, result.Warning));
        }

        await peer.PlayedAsync();
        Assert.Equal("helloworld!!!", await File.ReadAllTextAsync(Target, Token));
        Assert.Single(_folder.EnumerateFiles());
    }

    [Fact]
    public async Task No_bytes_are_kept_if_the_size_is_unknown()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", "MDTM", Restart) + "C: SIZE a.txt\nS: 213 -1\nC: MDTM a.txt\nS: 213 20240102030405\n" + Interrupted);
        await using var client = new FtpClient(peer.Options);
        await Assert.ThrowsAsync<FtpConnectionException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
        Assert.Empty(_folder.EnumerateFiles());
    }

    private async Task<FtpTransferResult> GetAsync(string[] features, string script)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(features) + script);
        FtpTransferResult result;
        await using (var client = new FtpClient(peer.Options))
        {
            result = await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
        }

        await peer.PlayedAsync();
        return result;
    }
}
