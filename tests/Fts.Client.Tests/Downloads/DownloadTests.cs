using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Downloads;

public sealed class DownloadTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Local(string name) => Path.Combine(_folder.FullName, name);

    private string[] LocalNames => [.. _folder.EnumerateFileSystemInfos().Select(info => info.Name)];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_downloaded_file_has_the_content_and_the_last_modified_time_of_the_server()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST type*;size*;modify*;") + """
            C: MLST a.txt
            S: 250-Listing
            S:  type=file;size=5;modify=20260102030405; a.txt
            S: 250 End
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt
            S: 150 go
            D> hello
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            var steps = new Steps();
            FtpTransferResult result = await client.DownloadFileAsync(Local("b.txt"), "a.txt", null, steps, Token);
            Assert.Equal(5, result.Bytes);
            Assert.Equal(FtpReplyCode.TransferComplete, result.Reply?.Code);
            Assert.Equal(
                [FtpTransferStage.Connecting, FtpTransferStage.Transferring, FtpTransferStage.AwaitingReply, FtpTransferStage.Committing],
                steps.Phases);
            Assert.Equal(5, steps.Last.Bytes);
            Assert.Equal(5, steps.Last.TotalBytes);
        }

        await peer.PlayedAsync();
        Assert.Equal(["b.txt"], LocalNames);
        Assert.Equal("hello", await File.ReadAllTextAsync(Local("b.txt"), Token));
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), File.GetLastWriteTimeUtc(Local("b.txt")));
    }

    [Fact]
    public async Task A_missing_remote_file_leaves_no_local_file_and_the_connection_usable()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + """
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt
            S: 550 no such file
            C: NOOP
            S: 200 still here
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpReplyException>(() => client.DownloadFileAsync(Local("a.txt"), "a.txt", null, null, Token));
            Assert.Equal("RETR a.txt: 550 no such file", e.Message);
            Assert.False(e.IsTransient);
            Assert.Equal("still here", (await client.SendAsync("NOOP", null, Token)).Text);
        }

        await peer.PlayedAsync();
        Assert.Empty(LocalNames);
    }

    [Theory]
    [InlineData("S: 150 go (9 bytes)\nD> hello\nD.\nS: 226 done", typeof(FtpIntegrityException))]
    [InlineData("S: 150 go\nD> hello\nD.\nS: 451 disk broke", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD> hello\nD!\nS: 426 aborted", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD> hello\nD!\nS: 226 done", typeof(FtpConnectionException))]
    [InlineData("S: 150 go\nD> hello\nD.\nX", typeof(FtpConnectionException))]
    [InlineData("S: 150 go\nD> hello\nD.\nS: 421 bye\nX", typeof(FtpConnectionException))]
    [InlineData("S: 150 go\nD> hello\nX!\nD.", typeof(FtpConnectionException))]
    [InlineData("S: 421 bye\nX", typeof(FtpConnectionException))]
    [InlineData("S: what?", typeof(FtpProtocolException))]
    [InlineData("X!", typeof(FtpConnectionException))]
    [InlineData("S: 425 cannot open", typeof(FtpReplyException))]
    public async Task A_failed_download_throws_and_keeps_the_existing_file(string ending, Type error)
    {
        await File.WriteAllTextAsync(Local("a.txt"), "old", Token);
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + """
            C: SIZE a.txt
            S: 550 not available
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt

            """ + ending);
        await using (var client = new FtpClient(peer.Options))
        {
            Exception? e = await Record.ExceptionAsync(() => client.DownloadFileAsync(Local("a.txt"), "a.txt", null, null, Token));
            Assert.IsType(error, e);
        }

        await peer.PlayedAsync();
        Assert.Equal(["a.txt"], LocalNames);
        Assert.Equal("old", await File.ReadAllTextAsync(Local("a.txt"), Token));
    }

    [Fact]
    public async Task Fewer_bytes_than_SIZE_reports_are_an_error_despite_226()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + """
            C: SIZE a.txt
            S: 213 6
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt
            S: 150 go
            D> hello
            D.
            S: 226 done
            """);
        await using var client = new FtpClient(peer.Options);
        using var target = new MemoryStream();
        var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadAsync(target, "a.txt", null, null, Token));
        Assert.Equal((6, 5, true), (e.Expected, e.Actual, e.IsTransient));
    }

    [Theory]
    [InlineData("6", false)]
    [InlineData("5", true)]
    public async Task A_transfer_announced_as_shorter_than_the_file_is_compared_with_SIZE_again(string sizeNow, bool hasChanged)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + $$"""
            C: SIZE a.txt
            S: 213 6
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt
            S: 150 go (5 bytes)
            D> hello
            D.
            S: 226 done
            C: SIZE a.txt
            S: 213 {{sizeNow}}
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            using var target = new MemoryStream();
            Task<FtpTransferResult> download = client.DownloadAsync(target, "a.txt", null, null, Token);
            if (hasChanged)
            {
                Assert.Equal(5, (await download).Bytes);
            }
            else
            {
                Assert.Equal(
                    (6, 5), (await Assert.ThrowsAsync<FtpIntegrityException>(() => download)) is var e ? (e.Expected, e.Actual) : default);
            }
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Metadata_from_a_listing_is_not_requested_again()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST", "SIZE", "MDTM") + """
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt
            S: 150 go
            D> hello
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            using var target = new MemoryStream();
            var known = new FtpEntry { Path = "a.txt", Name = "a.txt", Kind = FtpEntryKind.File, Length = 5 };
            Assert.Equal(
                5, (await client.DownloadAsync(target, "a.txt", new FtpTransferOptions { SourceEntry = known }, null, Token)).Bytes);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_target_that_cannot_be_written_fails_before_a_connection_is_opened()
    {
        await using var peer = ScriptedPeer.Start();
        await using var client = new FtpClient(peer.Options);
        await Assert.ThrowsAsync<IOException>(() => client.DownloadFileAsync(_folder.FullName, "a", null, null, Token));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => client.DownloadFileAsync(Local("no/where"), "a", null, null, Token));
        await File.WriteAllTextAsync(Local("b"), "", Token);
        await Assert.ThrowsAsync<FtpTargetExistsException>(
            () => client.DownloadFileAsync(Local("b"), "a", new FtpTransferOptions { Overwrite = false }, null, Token));
    }

    [Fact]
    public async Task The_download_of_a_remote_directory_throws()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + """
            C: MLST d
            S: 250-Listing
            S:  type=dir; d
            S: 250 End
            """);
        await using var client = new FtpClient(peer.Options);
        Assert.Equal(
            "d is a folder",
            (await Assert.ThrowsAsync<FtpException>(() => client.DownloadFileAsync(Local("d"), "d", null, null, Token))).Message);
    }

    [Fact]
    public async Task Open_read_starts_at_the_offset_and_reads_the_final_reply_at_the_end()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + """
            C: EPSV
            S: 229 ok (|||{port}|)
            C: REST 3
            S: 350 ready
            C: RETR a.txt
            S: 150 go
            D> lo
            D.
            S: 226 done
            C: NOOP
            S: 200 same connection
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            await using (Stream stream = await client.OpenReadAsync("a.txt", 3, Token))
            {
                using var reader = new StreamReader(stream);
                Assert.Equal("lo", await reader.ReadToEndAsync(Token));
            }

            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Open_read_throws_at_the_end_if_the_final_reply_is_negative()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + """
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt
            S: 150 go
            D> hel
            D.
            S: 451 disk broke
            """);
        await using var client = new FtpClient(peer.Options);
        await using Stream stream = await client.OpenReadAsync("a.txt", 0, Token);
        await Assert.ThrowsAsync<FtpReplyException>(async () => await stream.CopyToAsync(Stream.Null, Token));
    }

    [Fact]
    public async Task An_abandoned_read_closes_its_connection()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + """
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a.txt
            S: 150 go
            D> hello
            """,
            ScriptedPeer.Login() + """
            C: NOOP
            S: 200 another connection
            """);
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            await using (Stream stream = await client.OpenReadAsync("a.txt", 0, Token))
            {
                await stream.ReadExactlyAsync(new byte[2], Token);
            }

            Assert.Equal("another connection", (await client.SendAsync("NOOP", null, Token)).Text);
        }

        await peer.PlayedAsync();
    }
}

/// <summary>Runs an action when a transfer enters a stage.</summary>
internal sealed class ActionAtStage(FtpTransferStage stage, Action action) : IProgress<FtpProgress>
{
    public void Report(FtpProgress value)
    {
        if (value.Stage == stage)
        {
            action();
        }
    }
}

/// <summary>Records the reported progress on the reporting thread.</summary>
internal sealed class Steps : IProgress<FtpProgress>
{
    private readonly List<FtpProgress> _all = [];

    public FtpProgress Last => _all[^1];

    public IEnumerable<FtpTransferStage> Phases => _all.Select(step => step.Stage).Distinct();

    public void Report(FtpProgress value) => _all.Add(value);
}
