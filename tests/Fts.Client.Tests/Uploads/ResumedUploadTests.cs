using System.Security.Cryptography;
using System.Text;
using Fts.Client.Tests.Downloads;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Uploads;

/// <summary>Uploads that resume after the bytes that the server already has.</summary>
public sealed class ResumedUploadTests : IDisposable
{
    private const string Restart = "REST STREAM", Facts = "MLST type*;size*;", Hash = "XSHA256";

    private const string Passive = """
        C: EPSV
        S: 229 ok (|||{port}|)

        """;

    private const string Rest = $"""
        {Passive}C: REST 5
        S: 350 ready
        C: STOR b.txt
        S: 150 go
        D< world
        S: 226 done

        """;

    private static readonly FtpTransferOptions Existing = new() { Resume = FtpResume.PartialOrTarget };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Only_the_missing_bytes_are_sent_and_the_size_is_compared()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE", Restart) + Size("213 5") + Rest + Size("213 10"));
        await using (var client = new FtpClient(peer.Options))
        {
            var steps = new Steps();
            FtpTransferResult result = await UploadAsync(client, progress: steps);
            Assert.Equal((5, 5, FtpVerifiedBy.Length), (result.Bytes, result.ResumedBytes, result.VerifiedBy));
            Assert.Equal(new FtpProgress("b.txt", FtpTransferStage.AwaitingReply, 5, 5, 5), steps.Last);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(Restart, "C: REST 5\nS: 502 not for uploads\n" + Passive)]
    [InlineData("X", "")]
    public async Task Without_REST_the_missing_bytes_are_appended(string feature, string before)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", feature)
                + $"{Size("213 5")}{Passive}{before}C: APPE b.txt\nS: 150 go\nD< world\nS: 226 done\n{Size("213 10")}");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(5, (await UploadAsync(client)).ResumedBytes);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_file_that_is_not_on_the_server_is_sent_from_the_beginning()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart)
                + $"{Size("550 no such file")}{Passive}C: STOR b.txt\nS: 150 go\nD< helloworld\nS: 226 done\n{Size("213 10")}");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal((10, 0), ((await UploadAsync(client)).Bytes, 0));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Nothing_is_sent_if_the_file_on_the_server_is_longer()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE", Restart) + Size("213 11"));
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Contains(
                "has 11 bytes on the server",
                (await Assert.ThrowsAsync<FtpTargetExistsException>(() => UploadAsync(client))).Message,
                StringComparison.Ordinal);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_hash_verifies_the_existing_bytes_and_the_whole_file()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart, Facts, Hash) + Size("213 5") + CommittedEntry(5)
                + $"C: XSHA256 \"b.txt\" 0 5\nS: 250 {Sha("hello")}\n" + Rest + FileHash("helloworld"));
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(FtpVerifiedBy.Hash, (await UploadAsync(client)).VerifiedBy);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_file_on_the_server_that_is_not_the_beginning_is_not_changed()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart, Hash) + Size("213 5") + $"C: XSHA256 \"b.txt\" 0 5\nS: 250 {Sha("HELLO")}");
        await using (var client = new FtpClient(peer.Options))
        {
            await Assert.ThrowsAsync<FtpTargetExistsException>(() => UploadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(Hash, FtpVerifiedBy.Hash)]
    [InlineData("X", FtpVerifiedBy.Length)]
    public async Task A_file_that_is_already_complete_is_not_sent(string feature, FtpVerifiedBy verified)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart, feature) + Size("213 10") + (feature == Hash ? FileHash("helloworld") : ""));
        await using (var client = new FtpClient(peer.Options))
        {
            FtpTransferResult result = await UploadAsync(client);
            Assert.Equal((0, 10, null, verified), (result.Bytes, result.ResumedBytes, result.Reply, result.VerifiedBy));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(5, "world", "S: 550 no such file")]
    [InlineData(5, "world", "S: 250-x\nS:  type=file;size=3; b.txt\nS: 250 End")]
    [InlineData(10, "", "S: 550 no such file")]
    public async Task A_partial_upload_on_the_server_is_committed_by_the_missing_bytes_and_verified_at_the_end(
        int size, string rest, string committed)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart, Facts, Hash)
            + $"{Size($"213 {size}")}C: MLST b.txt\n{committed}\n{Passive}C: REST {size}\nS: 350 ok\n"
            + $"C: STOR b.txt\nS: 150 go\nD< {rest}\nS: 226 done\n{FileHash("helloworld")}");
        await using (var client = new FtpClient(peer.Options))
        {
            FtpTransferResult result = await UploadAsync(client);
            Assert.Equal((rest.Length, size, FtpVerifiedBy.Hash), (result.Bytes, result.ResumedBytes, result.VerifiedBy));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_different_hash_at_the_end_is_an_error()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart, "HASH SHA-256*") + Size("213 5") + Rest
                + $"C: HASH b.txt\nS: 213 SHA-256 0-9 {Sha("HELLOworld")} b.txt");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(FtpIntegrityFailure.Content, (await Assert.ThrowsAsync<FtpIntegrityException>(() => UploadAsync(client))).Failure);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_different_size_at_the_end_is_an_error()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE", Restart) + Size("213 5") + Rest + Size("213 9"));
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => UploadAsync(client));
            Assert.Equal((10, 9), (e.Expected, e.Actual));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task By_default_an_upload_starts_from_the_beginning()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart) + $"{Passive}C: STOR b.txt\nS: 150 go\nD< helloworld\nS: 226 done\n{Size("213 10")}");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(0, (await UploadAsync(client, FtpTransferOptions.Default)).ResumedBytes);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 200 Expecting 5 bytes.")]
    [InlineData("S: 202 superfluous")]
    [InlineData("S: 501 what?")]
    public async Task A_server_that_announces_ALLO_receives_the_number_of_bytes(string answer)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart, "ALLO")
                + $"{Size("213 5")}C: ALLO 5\n{answer}\n{Rest}{Size("213 10")}C: ALLO 10\n{answer}\n{Passive}"
                + $"C: STOR b.txt\nS: 150 go\nD< helloworld\nS: 226 done\n{Size("213 10")}");
        await using (var client = new FtpClient(peer.Options))
        {
            await UploadAsync(client);
            await UploadAsync(client, FtpTransferOptions.Default);
        }

        await peer.PlayedAsync();
    }

    private static string Size(string answer) => $"C: SIZE b.txt\nS: {answer}\n";

    private static string CommittedEntry(int bytes) => $"C: MLST b.txt\nS: 250-x\nS:  type=file;size={bytes}; b.txt\nS: 250 End\n";

    private static string FileHash(string content) => $"C: XSHA256 \"b.txt\"\nS: 250 {Sha(content)}\n";

    private static string Sha(string text) => Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(text)));

    private async Task<FtpTransferResult> UploadAsync(
        FtpClient client, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null)
    {
        string path = Path.Combine(_folder.FullName, "a.txt");
        await File.WriteAllTextAsync(path, "helloworld", Token);
        return await client.UploadFileAsync(path, "b.txt", options ?? Existing, progress, Token);
    }
}
