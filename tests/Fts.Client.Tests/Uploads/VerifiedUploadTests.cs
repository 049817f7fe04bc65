using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Uploads;

/// <summary>How an upload is verified after the server confirmed it.</summary>
public sealed class VerifiedUploadTests : IDisposable
{
    private const string Stor = """
        C: EPSV
        S: 229 ok (|||{port}|)
        C: STOR b.txt
        S: 150 go
        D< hello
        S: 226 done

        """;

    private const string Mlst = "C: MLST b.txt\nS: 250-Listing\nS:  type=file;size=3; b.txt\nS: 250 End\n";

    private static readonly FtpTransferOptions ByHash = new() { Verification = FtpVerification.ByHash };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("SIZE", "C: SIZE b.txt\nS: 213 3\n")]
    [InlineData("MLST size*;", Mlst)]
    [InlineData("SIZE,MLST size*;", "C: SIZE b.txt\nS: 550 not now\n" + Mlst)]
    public async Task A_truncated_file_on_the_server_is_an_error_despite_226(string features, string question)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(features.Split(',')) + Stor + question + Stor + question);
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.UploadFileAsync(LocalFile(), "b.txt", null, null, Token));
            Assert.Equal((FtpIntegrityFailure.Length, 5, 3), (e.Failure, e.Expected, e.Actual));
            using var source = new MemoryStream("hello"u8.ToArray());
            await Assert.ThrowsAsync<FtpIntegrityException>(() => client.UploadAsync(source, "b.txt", null, null, Token));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task The_error_of_a_truncated_file_contains_both_lengths()
    {
        string content = new('x', 50_000);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", "MLST size*;")
                + $"C: EPSV\nS: 229 ok (|||{{port}}|)\nC: STOR b.txt\nS: 150 go\nD< {content}\nS: 226 done\nC: SIZE b.txt\nS: 213 3");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(
                () => client.UploadFileAsync(LocalFile(content), "b.txt", null, null, Token));
            Assert.Equal("b.txt: 3 of 50000 bytes were transferred", e.Message);
        }

        await peer.WaitForScriptsAsync();
    }

    [Theory]
    [InlineData("SIZE", "C: SIZE b.txt\nS: 550 you may write, not read\n", FtpVerifiedBy.Reply)]
    [InlineData("SIZE", "C: SIZE b.txt\nS: 450 busy\n", FtpVerifiedBy.Reply)]
    [InlineData("SIZE", "C: SIZE b.txt\nS: 213 many\n", FtpVerifiedBy.Reply)]
    [InlineData("SIZE", "C: SIZE b.txt\nS: 213 5\n", FtpVerifiedBy.Length)]
    [InlineData("X", "", FtpVerifiedBy.Reply)]
    public async Task If_the_server_does_not_report_the_length_its_final_reply_is_sufficient(
        string feature, string question, FtpVerifiedBy verified)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(feature) + Stor + question + "C: NOOP\nS: 200 same connection");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(verified, (await client.UploadFileAsync(LocalFile(), "b.txt", null, null, Token)).VerifiedBy);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task SIZE_is_sent_once_to_a_server_that_does_not_support_it()
    {
        const string SignIn = """
            S: 220 hello
            C: USER anonymous
            S: 230 in
            C: FEAT
            S: 500 what?
            C: TYPE I
            S: 200 binary

            """;
        await using var peer = ScriptedPeer.Start(SignIn + Stor + "C: SIZE b.txt\nS: 502 no\n" + Stor);
        await using (var client = new FtpClient(peer.Options))
        {
            await client.UploadFileAsync(LocalFile(), "b.txt", null, null, Token);
            await client.UploadFileAsync(LocalFile(), "b.txt", null, null, Token);
        }

        await peer.WaitForScriptsAsync();
    }

    [Theory]
    [InlineData("SIZE")]
    [InlineData("HASH SHA-1*;MD5")]
    public async Task A_required_hash_that_the_server_cannot_compute_is_an_error_before_a_byte_is_sent(string feature)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(feature));
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(
                () => client.UploadFileAsync(LocalFile(), "b.txt", ByHash, null, Token));
            Assert.Equal((FtpIntegrityFailure.Unverified, false), (e.Failure, e.IsTransient));
            e = await Assert.ThrowsAsync<FtpIntegrityException>(
                () => client.DownloadFileAsync(Path.Combine(_folder.FullName, "c"), "b.txt", ByHash, null, Token));
            Assert.Equal(FtpIntegrityFailure.Unverified, e.Failure);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_required_hash_that_the_server_rejects_is_an_error()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE", "HASH SHA-256*") + Stor + "C: HASH b.txt\nS: 502 disabled");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(
                () => client.UploadFileAsync(LocalFile(), "b.txt", ByHash, null, Token));
            Assert.Equal((FtpIntegrityFailure.Unverified, 5), (e.Failure, e.Actual));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_required_hash_of_a_download_that_the_server_rejects_is_an_error_and_keeps_the_bytes()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST size*;modify*;", "REST STREAM", "HASH SHA-256*") + """
            C: MLST b.txt
            S: 250-Listing
            S:  type=file;size=5;modify=20260102030405; b.txt
            S: 250 End
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR b.txt
            S: 150 go
            D> hello
            D.
            S: 226 done
            C: HASH b.txt
            S: 502 disabled
            """);
        string target = Path.Combine(_folder.FullName, "c");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadFileAsync(target, "b.txt", ByHash, null, Token));
            Assert.Equal(FtpIntegrityFailure.Unverified, e.Failure);
        }

        await peer.WaitForScriptsAsync();
        Assert.False(File.Exists(target));
        Assert.Equal(new FtpPartialDownload(5, 5), FtpPartialDownload.Find(target));
    }

    private string LocalFile(string content = "hello")
    {
        string path = Path.Combine(_folder.FullName, "a.txt");
        File.WriteAllText(path, content);
        return path;
    }
}
