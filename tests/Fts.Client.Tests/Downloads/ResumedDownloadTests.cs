using System.Security.Cryptography;
using System.Text;
using Fts.Client.Downloads;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Downloads;

/// <summary>Interrupted downloads, and the downloads that resume them.</summary>
public sealed class ResumedDownloadTests : IDisposable
{
    private const string Facts = "MLST type*;size*;modify*;", Restart = "REST STREAM";

    private const string MetadataExchange = """
        C: MLST a.txt
        S: 250-Listing
        S:  type=file;size=10;modify=20260102030405; a.txt
        S: 250 End

        """;

    private const string Passive = """
        C: EPSV
        S: 229 ok (|||{port}|)

        """;

    /// <summary>The server sends five of ten bytes and closes the connections.</summary>
    private const string Interrupted = $"""
        {Passive}C: RETR a.txt
        S: 150 go
        D> hello
        X!
        D.

        """;

    private const string Rest = $"""
        {Passive}C: REST 5
        S: 350 go on
        C: RETR a.txt
        S: 150 go
        D> world
        D.
        S: 226 done

        """;

    private const string All = $"""
        {Passive}C: RETR a.txt
        S: 150 go
        D> helloworld
        D.
        S: 226 done

        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_folder.FullName, "a.txt");

    private string Part => Path.Combine(_folder.FullName, ".a.txt.fts-part");

    private string RecordFile => Path.Combine(_folder.FullName, ".a.txt.fts-part-of");

    private string[] LocalNames => [.. _folder.EnumerateFileSystemInfos().Select(info => info.Name).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Only_the_missing_bytes_are_transferred()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Rest + MetadataExchange);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            Assert.Equal([".a.txt.fts-part", ".a.txt.fts-part-of"], LocalNames);
            Assert.Equal(new FtpPartialDownload(5, 10), FtpPartialDownload.Find(Target));

            var steps = new Steps();
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, steps, Token);
            Assert.Equal((5, 5, FtpVerifiedBy.Length), (result.Bytes, result.ResumedBytes, result.VerifiedBy));
            Assert.Equal(new FtpProgress("a.txt", FtpTransferStage.Committing, 5, 5, 5), steps.Last);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), File.GetLastWriteTimeUtc(Target));
    }

    [Theory]
    [InlineData("type=file;size=11;modify=20260102030405", "hello there")]
    [InlineData("type=file;size=10;modify=20260102030406", "HELLOWORLD")]
    [InlineData("type=file;size=4;modify=20260102030405", "hell")]
    public async Task A_file_that_changed_in_the_meantime_is_downloaded_from_the_beginning(string facts, string content)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart)
                + $"C: MLST a.txt\nS: 250-Listing\nS:  {facts}; a.txt\nS: 250 End\n{Passive}"
                + $"C: RETR a.txt\nS: 150 go\nD> {content}\nD.\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            var steps = new Steps();
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, steps, Token);
            Assert.Equal((FtpRestartReason.Changed, 0), (steps.Last.RestartReason, result.ResumedBytes));
        }

        await peer.WaitForScriptsAsync();
        Assert.Equal(content, await File.ReadAllTextAsync(Target, Token));
        Assert.Equal(["a.txt"], LocalNames);
    }

    [Theory]
    [InlineData("SIZE")]
    [InlineData("X")]
    public async Task Bytes_that_cannot_be_verified_later_are_not_kept(string feature)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(feature) + (feature == "SIZE" ? "C: SIZE a.txt\nS: 213 10\n" : "") + Interrupted);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
        }

        Assert.Empty(LocalNames);
        Assert.Null(FtpPartialDownload.Find(Target));
    }

    [Fact]
    public async Task Without_a_last_modified_time_a_hash_verifies_the_existing_bytes()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", Restart, "XSHA256") + "C: SIZE a.txt\nS: 213 10\n" + Interrupted,
            ScriptedPeer.Login("SIZE", Restart, "XSHA256") + $"""
                C: SIZE a.txt
                S: 213 10
                C: XSHA256 "a.txt" 0 5
                S: 250 {Sha("hello")}
                {Rest}C: XSHA256 "a.txt"
                S: 250-Computing
                S: 250 {Sha("helloworld").ToLowerInvariant()}
                """);
        await AssertResumedAsync(peer, FtpVerifiedBy.Hash);
    }

    [Fact]
    public async Task A_hash_of_a_range_is_requested_with_RANG()
    {
        string[] features = ["SIZE", Restart, "HASH SHA-256*;SHA-1", "RANG STREAM"];
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(features) + "C: SIZE a.txt\nS: 213 10\n" + Interrupted,
            ScriptedPeer.Login(features) + $"""
                C: SIZE a.txt
                S: 213 10
                C: RANG 0 4
                S: 350 range
                C: HASH a.txt
                S: 213 SHA-256 0-4 {Sha("hello")} a.txt
                {Rest}C: HASH a.txt
                S: 213 SHA-256 0-9 {Sha("helloworld")} a.txt
                """);
        await AssertResumedAsync(peer, FtpVerifiedBy.Hash);
    }

    [Theory]
    [InlineData("S: 213 SHA-256 0-10 {0} a.txt")]
    [InlineData("S: 213 SHA-1 0-4 {0} a.txt")]
    [InlineData("S: 550 not now")]
    public async Task A_range_that_was_not_hashed_is_reset_and_verifies_nothing(string answer)
    {
        string[] features = ["SIZE", Restart, "HASH SHA-1*;SHA-256", "RANG STREAM"];
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(features) + "C: SIZE a.txt\nS: 213 10\n" + Interrupted,
            ScriptedPeer.Login(features) + $"""
                C: SIZE a.txt
                S: 213 10
                C: OPTS HASH SHA-256
                S: 200 chosen
                C: RANG 0 4
                S: 350 range
                C: HASH a.txt
                {string.Format(System.Globalization.CultureInfo.InvariantCulture, answer, Sha("hello"))}
                C: RANG 1 0
                S: 350 whole
                {All}
                """);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            var steps = new Steps();
            await client.DownloadFileAsync(Target, "a.txt", null, steps, Token);
            Assert.Equal(FtpRestartReason.Unverifiable, steps.Last.RestartReason);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task A_time_that_may_hide_a_change_is_not_sufficient_if_the_server_supports_hashes()
    {
        string now = $"C: MLST a.txt\nS: 250-Listing\nS:  type=file;size=10;modify={DateTime.UtcNow:yyyyMMddHHmmss}; a.txt\nS: 250 End\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart, "XSHA256") + now + Interrupted,
            ScriptedPeer.Login(Facts, Restart, "XSHA256") + $"{now}C: XSHA256 \"a.txt\" 0 5\nS: 250 {Sha("HELLO")}\n{All}");
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task A_different_hash_at_the_end_keeps_the_existing_file_and_discards_the_download()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart, "HASH SHA-256*") + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart, "HASH SHA-256*") + MetadataExchange + Rest
                + $"C: HASH a.txt\nS: 213 SHA-256 0-9 {Sha("another")} a.txt");
        await File.WriteAllTextAsync(Target, "old", Token);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            var steps = new Steps();
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadFileAsync(Target, "a.txt", null, steps, Token));
            Assert.Equal((FtpIntegrityFailure.Content, FtpTransferStage.Verifying), (e.Failure, steps.Last.Stage));
        }

        await peer.WaitForScriptsAsync();
        Assert.Equal(["a.txt"], LocalNames);
        Assert.Equal("old", await File.ReadAllTextAsync(Target, Token));
    }

    [Theory]
    [InlineData("type=file;size=12;modify=20260102030405")]
    [InlineData("type=file;size=10;modify=20260102030409")]
    public async Task A_file_that_changes_during_a_resumed_download_is_not_committed(string after)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Rest
                + $"C: MLST a.txt\nS: 250-Listing\nS:  {after}; a.txt\nS: 250 End");
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
            Assert.Equal(FtpIntegrityFailure.SourceChanged, e.Failure);
        }

        await peer.WaitForScriptsAsync();
        Assert.Empty(LocalNames);
    }

    [Fact]
    public async Task A_length_that_only_the_150_reply_reports_is_compared_again()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts)
                + $"{MetadataExchange}{Passive}C: RETR a.txt\nS: 150 go (5 bytes)\nD> hello\nD.\nS: 226 done\n{MetadataExchange}");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
            Assert.Equal(FtpIntegrityFailure.SourceChanged, e.Failure);
        }

        await peer.WaitForScriptsAsync();
        Assert.Empty(LocalNames);
    }

    [Fact]
    public async Task If_the_server_rejects_REST_the_whole_file_is_downloaded()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + $"{MetadataExchange}{Passive}C: REST 5\nS: 502 what?\n{All}");
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            var steps = new Steps();
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, steps, Token);
            Assert.Equal((FtpRestartReason.Unsupported, 10, 0), (steps.Last.RestartReason, result.Bytes, result.ResumedBytes));
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task REST_is_not_sent_to_a_server_that_does_not_announce_it()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts) + MetadataExchange + Interrupted, ScriptedPeer.Login(Facts) + MetadataExchange + All);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task A_complete_partial_file_is_only_renamed()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + $"{MetadataExchange}{Passive}C: RETR a.txt\nS: 150 go\nD> helloworld\nX!\nD.",
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + MetadataExchange);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
            Assert.Equal((0, 10, null), (result.Bytes, result.ResumedBytes, result.Reply));
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task A_negative_final_reply_and_a_cancellation_keep_the_received_bytes()
    {
        using var source = new CancellationTokenSource();
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + $"{MetadataExchange}{Passive}C: RETR a.txt\nS: 150 go\nD> hel\nD.\nS: 451 disk broke\n"
            + $"{MetadataExchange}{Passive}C: REST 3\nS: 350 ok\nC: RETR a.txt\nS: 150 go\nC: ABOR\nS: 426 stopped\nS: 226 ok\n"
            + $"{MetadataExchange}{Passive}C: REST 3\nS: 350 ok\nC: RETR a.txt\nS: 150 go\nD> loworld\nD.\nS: 226 done\n{MetadataExchange}");
        await using (var client = new FtpClient(peer.Options))
        {
            await Assert.ThrowsAsync<FtpReplyException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
            Assert.Equal(3, FtpPartialDownload.Find(Target)?.Length);

            var cancel = new ActionAtStage(FtpTransferStage.Transferring, source.Cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => client.DownloadFileAsync(Target, "a.txt", null, cancel, source.Token));
            Assert.Equal(3, FtpPartialDownload.Find(Target)?.Length);

            await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Theory]
    [InlineData("no record")]
    [InlineData("an empty record")]
    [InlineData("a truncated record")]
    [InlineData("a changed record")]
    [InlineData("more bytes than the file has")]
    public async Task Existing_bytes_are_discarded_if_their_record_is_missing_or_wrong(string left)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + All);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            await File.WriteAllTextAsync(Part, left.StartsWith("more", StringComparison.Ordinal) ? "hello, hello" : "HELLO", Token);
            string record = await File.ReadAllTextAsync(RecordFile, Token);
            switch (left)
            {
                case "no record":
                    File.Delete(RecordFile);
                    break;
                case "an empty record":
                    await File.WriteAllTextAsync(RecordFile, "", Token);
                    break;
                case "a truncated record":
                    await File.WriteAllTextAsync(RecordFile, record[..(record.Length / 2)], Token);
                    break;
                case "a changed record":
                    await File.WriteAllTextAsync(RecordFile, record.Replace("length 10", "length 11", StringComparison.Ordinal), Token);
                    break;
                default:
                    break;
            }

            await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Theory]
    [InlineData("anonymous@127.0.0.1:1")]
    [InlineData("anonymous@files.example.com:21")]
    public async Task The_same_file_at_another_address_is_resumed(string server)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Rest + MetadataExchange);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            await ChangeRecordAsync(record => record with { Server = server });
            var steps = new Steps();
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, steps, Token);
            Assert.Equal((5, 5, FtpRestartReason.None), (result.Bytes, result.ResumedBytes, steps.Last.RestartReason));
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Theory]
    [InlineData("anonymous@127.0.0.1:1", "b.txt")]
    [InlineData("anonymous@127.0.0.1:1", "old/a.txt")]
    [InlineData("anonymous@127.0.0.1:1", "/a.txt")]
    [InlineData("ann@127.0.0.1:1", "a.txt")]
    [InlineData("anonymous@127.0.0.1:1", "a.txt", 5)]
    [InlineData(null, "old/a.txt")]
    public async Task A_possibly_different_file_at_another_address_or_path_is_downloaded_from_the_beginning(
        string? server, string path, int? secondsAfterChange = null)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + All);
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            await ChangeRecordAsync(record => record with
            {
                Server = server ?? record.Server,
                Path = path,
                CreatedAt = secondsAfterChange is { } seconds ? record.LastModified!.Value.AddSeconds(seconds) : record.CreatedAt,
            });
            var steps = new Steps();
            await client.DownloadFileAsync(Target, "a.txt", null, steps, Token);
            Assert.Equal(FtpRestartReason.Unverifiable, steps.Last.RestartReason);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Theory]
    [InlineData("a.txt", "hello", true)]
    [InlineData("a.txt", "HELLO", false)]
    [InlineData("old/a.txt", "hello", true)]
    [InlineData("old/a.txt", "HELLO", false)]
    public async Task At_another_address_or_path_a_hash_is_compared_if_the_server_supports_one(string path, string hashed, bool continues)
    {
        string[] features = [Facts, Restart, "XSHA256"];
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(features) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(features) + $"{MetadataExchange}C: XSHA256 \"a.txt\" 0 5\nS: 250 {Sha(hashed)}\n"
                + (continues ? $"{Rest}C: XSHA256 \"a.txt\"\nS: 250 {Sha("helloworld")}" : All));
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            await ChangeRecordAsync(record => record with { Server = "anonymous@127.0.0.1:1", Path = path });
            var steps = new Steps();
            await client.DownloadFileAsync(Target, "a.txt", null, steps, Token);
            Assert.Equal(continues ? FtpRestartReason.None : FtpRestartReason.Changed, steps.Last.RestartReason);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task Resume_Never_keeps_no_bytes_and_uses_none()
    {
        var never = new FtpTransferOptions { Resume = FtpResume.Never };
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + Interrupted,
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + All);
        await using (var client = new FtpClient(peer.Options))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => client.DownloadFileAsync(Target, "a.txt", never, null, Token));
            Assert.Empty(LocalNames);
            await InterruptAsync(client);
            Assert.Equal(2, LocalNames.Length);
            await client.DownloadFileAsync(Target, "a.txt", never, null, Token);
        }

        await peer.WaitForScriptsAsync();
        // The completed download also deletes the partial file of the interrupted one.
        await AssertCompleteAsync();
    }

    [Theory]
    [InlineData("hello", "hello", true)]
    [InlineData("HELLO", "hello", false)]
    [InlineData("hello", null, false)]
    public async Task An_existing_target_is_resumed_only_if_a_hash_verifies_it(string local, string? hashed, bool isResumed)
    {
        string[] features = hashed is null ? [Facts, Restart] : [Facts, Restart, "XSHA256"];
        string proof = hashed is null ? "" : $"C: XSHA256 \"a.txt\" 0 5\nS: 250 {Sha(hashed)}\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(features) + MetadataExchange + proof
                + (isResumed ? $"{Rest}C: XSHA256 \"a.txt\"\nS: 250 {Sha("helloworld")}\n" : ""));
        await File.WriteAllTextAsync(Target, local, Token);
        await using (var client = new FtpClient(peer.Options))
        {
            Task<FtpTransferResult> download = client.DownloadFileAsync(
                Target, "a.txt", new FtpTransferOptions { Resume = FtpResume.PartialOrTarget }, null, Token);
            if (!isResumed)
            {
                await Assert.ThrowsAsync<FtpTargetExistsException>(() => download);
                Assert.Equal(local, await File.ReadAllTextAsync(Target, Token));
                Assert.Equal(["a.txt"], LocalNames);
                return;
            }

            Assert.Equal((5, 5, FtpVerifiedBy.Hash), ((await download).Bytes, (await download).ResumedBytes, (await download).VerifiedBy));
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task A_complete_target_is_not_transferred_again()
    {
        var existing = new FtpTransferOptions { Resume = FtpResume.PartialOrTarget };
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange,
            ScriptedPeer.Login(Facts, Restart, "XSHA256")
                + $"{MetadataExchange}C: XSHA256 \"a.txt\"\nS: 250 {Sha("helloworld")}\n"
                + $"{MetadataExchange}C: XSHA256 \"a.txt\"\nS: 250 {Sha("HELLOWORLD")}");
        await File.WriteAllTextAsync(Target, "helloworld", Token);
        File.SetLastWriteTimeUtc(Target, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        await using (var client = new FtpClient(peer.Options))
        {
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", existing, null, Token);
            Assert.Equal((0, 10, null, FtpVerifiedBy.Length), (result.Bytes, result.ResumedBytes, result.Reply, result.VerifiedBy));
        }

        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(FtpVerifiedBy.Hash, (await client.DownloadFileAsync(Target, "a.txt", existing, null, Token)).VerifiedBy);
            await Assert.ThrowsAsync<FtpTargetExistsException>(() => client.DownloadFileAsync(Target, "a.txt", existing, null, Token));
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Theory]
    [InlineData("2026-01-02T03:04:05Z")]
    [InlineData("2026-01-02T03:04:00Z")]
    public async Task For_an_existing_target_the_metadata_of_LIST_is_not_sufficient(string time)
    {
        var known = new FtpEntry { Path = "a.txt", Name = "a.txt", Kind = Protocol.FtpEntryKind.File, Length = 10,
            LastModified = new DateTime(2026, 1, 2, 3, 4, 0, DateTimeKind.Utc), Source = Protocol.FtpEntrySource.Unix };
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", "MDTM", Restart) + "C: SIZE a.txt\nS: 213 10\nC: MDTM a.txt\nS: 213 20260102030405");
        await File.WriteAllTextAsync(Target, "helloworld", Token);
        File.SetLastWriteTimeUtc(
            Target,
            DateTime.Parse(time, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AdjustToUniversal));
        await using (var client = new FtpClient(peer.Options))
        {
            var options = new FtpTransferOptions { Resume = FtpResume.PartialOrTarget, SourceEntry = known };
            Assert.Null((await client.DownloadFileAsync(Target, "a.txt", options, null, Token)).Reply);
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    [Fact]
    public async Task Every_download_is_hashed_if_the_options_require_it()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, "HASH SHA-256*")
                + $"{MetadataExchange}{All}C: HASH a.txt\nS: 213 SHA-256 0-9 {Sha("helloworld")} a.txt");
        await using (var client = new FtpClient(peer.Options))
        {
            var options = new FtpTransferOptions { Verification = FtpVerification.ByHash };
            Assert.Equal(FtpVerifiedBy.Hash, (await client.DownloadFileAsync(Target, "a.txt", options, null, Token)).VerifiedBy);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_second_download_to_the_same_target_uses_another_partial_file()
    {
        const string halted = $"{Passive}C: RETR a.txt\nS: 150 go\nD> hello\n? second\nD> there\nD.\nS: 226 done\n";
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts, Restart) + MetadataExchange + halted, ScriptedPeer.Login(Facts, Restart) + MetadataExchange + All);
        await using (var client = new FtpClient(peer.Options))
        {
            Task<FtpTransferResult> first = client.DownloadFileAsync(
                Target, "a.txt", null, new ActionAtStage(FtpTransferStage.Transferring, () => started.TrySetResult()), Token);
            await started.Task.WaitAsync(Token);
            await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
            Assert.Equal("helloworld", await File.ReadAllTextAsync(Target, Token));
            Assert.Equal([".a.txt.fts-part", ".a.txt.fts-part-of", "a.txt"], LocalNames);
            peer.Open("second");
            await first;
        }

        await peer.WaitForScriptsAsync();
        Assert.Equal("hellothere", await File.ReadAllTextAsync(Target, Token));
        Assert.Equal(["a.txt"], LocalNames);
    }

    private static string Sha(string text) => Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(text)));

    private async Task ChangeRecordAsync(Func<PartialDownloadRecord, PartialDownloadRecord> change)
    {
        Assert.True(PartialDownloadRecord.TryParse(await File.ReadAllTextAsync(RecordFile, Token), out PartialDownloadRecord record));
        await File.WriteAllTextAsync(RecordFile, change(record).ToString(), Token);
    }

    private async Task InterruptAsync(FtpClient client) =>
        await Assert.ThrowsAsync<FtpConnectionException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));

    private async Task AssertResumedAsync(ScriptedPeer peer, FtpVerifiedBy verified)
    {
        await using (var client = new FtpClient(peer.Options))
        {
            await InterruptAsync(client);
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
            Assert.Equal((5, 5, verified), (result.Bytes, result.ResumedBytes, result.VerifiedBy));
        }

        await peer.WaitForScriptsAsync();
        await AssertCompleteAsync();
    }

    private async Task AssertCompleteAsync()
    {
        Assert.Equal("helloworld", await File.ReadAllTextAsync(Target, Token));
        Assert.Equal(["a.txt"], LocalNames);
    }
}
