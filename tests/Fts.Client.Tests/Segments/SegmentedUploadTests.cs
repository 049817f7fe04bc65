using Fts.Client.Tests.Downloads;
using Fts.Client.Tests.Support;
using Fts.Storage;

namespace Fts.Client.Tests.Segments;

/// <summary>Uploads of one file over several connections, to our server behind a relay that makes it behave like other servers.</summary>
public sealed class SegmentedUploadTests : IAsyncDisposable
{
    private const int MiB = 1024 * 1024, Length = 4 * MiB;

    private static readonly FtpTransferOptions FourSegments = new() { Segments = 4 };

    private static readonly byte[] Old = [1, 2, 3];

    private readonly RelayedTestServer _server = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(Length)]
    [InlineData(Length + 1)]
    [InlineData(Length - 1)]
    [InlineData((2 * MiB) + 17)]
    public async Task The_server_joins_the_segments(int length)
    {
        byte[] content = WriteLocalFile(length);
        var steps = new Steps();
        FtpTransferResult result = await PutAsync(FourSegments, steps);
        Assert.Equal((length, 0, FtpVerifiedBy.Length), (result.Bytes, result.ResumedBytes, result.VerifiedBy));
        Assert.Equal((length, length), (steps.Last.Bytes, steps.Last.TotalBytes));
        await AssertIsThereAsync(content);
        Assert.Equal((length / MiB, 1), (_server.Relay.CountCommands("STOR"), _server.Relay.CountCommands("COMB")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_existing_target_is_replaced_and_not_appended_to(bool byHash)
    {
        await _server.WriteFileAsync("a", Old);
        byte[] content = WriteLocalFile(Length);
        FtpTransferResult result = await PutAsync(
            FourSegments with { Verification = byHash ? FtpVerification.ByHash : FtpVerification.Length });
        Assert.Equal(byHash ? FtpVerifiedBy.Hash : FtpVerifiedBy.Length, result.VerifiedBy);
        await AssertIsThereAsync(content);
    }

    [Fact]
    public async Task Segments_are_stored_in_the_directory_of_the_target()
    {
        await _server.Store.CreateDirectoryAsync(StorePath.Root.Resolve("some folder")!.Value, Token);
        byte[] content = WriteLocalFile(Length);
        await PutAsync(FourSegments, path: "/some folder/b c");
        Assert.True((await _server.ReadFileAsync("/some folder/b c")).AsSpan().SequenceEqual(content));
        Assert.Equal(
            (4, 1), (_server.Relay.CountCommands("STOR /some folder/.b c."), _server.Relay.CountCommands("COMB \"/some folder/.b c.")));
    }

    [Theory]
    [InlineData("a \"quoted\" name")]
    [InlineData("long/1/1/1/1")]
    public async Task A_path_that_COMB_cannot_contain_is_uploaded_in_one_transfer(string path)
    {
        string target = path;
        if (path.StartsWith("long", StringComparison.Ordinal))
        {
            target = "";
            for (int depth = 0; depth < 4; depth++)
            {
                target += "/" + new string('x', 200);
                await _server.Store.CreateDirectoryAsync(StorePath.Root.Resolve(target)!.Value, Token);
            }

            target += "/a";
        }

        byte[] content = WriteLocalFile(Length);
        await PutAsync(FourSegments, path: target);
        Assert.True((await _server.ReadFileAsync(target)).AsSpan().SequenceEqual(content));
        Assert.Equal((1, 0), (_server.Relay.CountCommands("STOR"), _server.Relay.CountCommands("COMB")));
    }

    [Fact]
    public async Task The_names_of_segments_are_not_longer_than_the_longest_target_name()
    {
        string name = new('n', 255);
        byte[] content = WriteLocalFile(Length);
        await PutAsync(FourSegments, path: name);
        Assert.True((await _server.ReadFileAsync(name)).AsSpan().SequenceEqual(content));
        Assert.Equal(1, _server.Relay.CountCommands("COMB"));
    }

    [Fact]
    public async Task An_existing_target_that_must_not_be_replaced_fails_the_upload_before_a_byte_is_sent()
    {
        await _server.WriteFileAsync("a", Old);
        WriteLocalFile(Length);
        await Assert.ThrowsAsync<FtpTargetExistsException>(() => PutAsync(FourSegments with { Overwrite = false }));
        await AssertIsThereAsync(Old);
        Assert.Equal(0, _server.Relay.CountCommands("STOR"));
    }

    [Fact]
    public async Task A_target_that_was_created_during_the_upload_is_not_replaced()
    {
        WriteLocalFile(Length);
        _server.Relay.InterceptCommandAsync = async command =>
        {
            if (command.StartsWith("COMB", StringComparison.Ordinal))
            {
                await _server.WriteFileAsync("a", Old);
            }

            return null;
        };
        await Assert.ThrowsAsync<FtpTargetExistsException>(() => PutAsync(FourSegments with { Overwrite = false }));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task Without_COMB_the_file_is_uploaded_in_one_transfer()
    {
        byte[] content = WriteLocalFile(Length);
        _server.Relay.RewriteReply = line => line == " COMB" ? null : line;
        await PutAsync(FourSegments);
        await AssertIsThereAsync(content);
        Assert.Equal((1, 1), (_server.Relay.CountCommands("STOR a"), _server.Relay.CountCommands("STOR")));
    }

    [Theory]
    [InlineData("STOR .", "553 no such names")]
    [InlineData("COMB", "550 not today")]
    [InlineData("COMB", "452 no room for it twice")]
    [InlineData("COMB", "250 done, or so I say")]
    [InlineData("RNTO", "550 it exists")]
    public async Task If_the_server_rejects_segments_the_file_is_uploaded_in_one_transfer(string verb, string answer)
    {
        await _server.WriteFileAsync("a", Old);
        byte[] content = WriteLocalFile(Length);
        _server.Relay.InterceptCommandAsync =
            command => Task.FromResult(command.StartsWith(verb, StringComparison.Ordinal) ? answer : null);
        await using FtpClient client = _server.CreateClient();
        await client.UploadFileAsync(_server["local"], "a", FourSegments, null, Token);
        await AssertIsThereAsync(content);

        int before = _server.Relay.CountCommands("STOR");
        await client.UploadFileAsync(_server["local"], "a", FourSegments, null, Token);
        await AssertIsThereAsync(content);
        Assert.Equal(before + 1, _server.Relay.CountCommands("STOR"));
    }

    [Fact]
    public async Task A_failed_COMB_leaves_the_old_target_and_no_segments()
    {
        await _server.WriteFileAsync("a", Old);
        WriteLocalFile(Length);
        _server.Relay.InterceptCommandAsync =
            command => Task.FromResult(command.StartsWith("COMB", StringComparison.Ordinal) ? "421 leaving" : null);
        await Assert.ThrowsAsync<FtpConnectionException>(() => PutAsync(FourSegments));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task A_joined_file_of_another_length_is_not_renamed_to_the_target()
    {
        await _server.WriteFileAsync("a", Old);
        WriteLocalFile(Length);
        _server.Relay.RewriteReply = line => line == $"213 {Length}" ? $"213 {Length - 1}" : line;
        await Assert.ThrowsAsync<FtpIntegrityException>(() => PutAsync(FourSegments));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task A_joined_file_with_other_content_is_not_renamed_to_the_target()
    {
        await _server.WriteFileAsync("a", Old);
        WriteLocalFile(Length);
        _server.Relay.RewriteReply = line => line.StartsWith("213 SHA-256 ", StringComparison.Ordinal)
            ? $"213 SHA-256 0-{Length - 1} {new string('0', 64)} a" : line;
        await Assert.ThrowsAsync<FtpIntegrityException>(() => PutAsync(FourSegments with { Verification = FtpVerification.ByHash }));
        await AssertIsThereAsync(Old);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Fewer_connections_are_used_if_the_server_allows_fewer(int maxConnections)
    {
        byte[] content = WriteLocalFile(Length);
        _server.Relay.MaxConnections = maxConnections;
        await PutAsync(FourSegments);
        await AssertIsThereAsync(content);
        Assert.Equal(4, _server.Relay.CountCommands("STOR"));
    }

    [Fact]
    public async Task An_interrupted_segment_is_sent_once_more()
    {
        byte[] content = WriteLocalFile(Length);
        _server.Relay.GetResetOffset = commands => commands.EndsWith("part-2-of-4", StringComparison.Ordinal) ? 300_000 : long.MaxValue;
        FtpTransferResult result = await PutAsync(FourSegments);
        Assert.Equal(Length, result.Bytes);
        await AssertIsThereAsync(content);
        Assert.Equal(5, _server.Relay.CountCommands("STOR"));
    }

    [Fact]
    public async Task A_segment_that_fails_twice_fails_the_upload_and_leaves_the_old_target_and_no_segments()
    {
        await _server.WriteFileAsync("a", Old);
        WriteLocalFile(Length);
        _server.Relay.GetResetOffset = commands => commands.Contains("part-2-of-4", StringComparison.Ordinal) ? 300_000 : long.MaxValue;
        await Assert.ThrowsAnyAsync<FtpException>(() => PutAsync(FourSegments));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_the_old_target_and_no_segments()
    {
        await _server.WriteFileAsync("a", Old);
        WriteLocalFile(Length);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        int pieces = 0;
        _server.Relay.WaitBeforeDataAsync = async commands =>
        {
            if (commands.Contains("part-3", StringComparison.Ordinal) && Interlocked.Increment(ref pieces) == 3)
            {
                await stop.CancelAsync();
            }
        };
        await using (FtpClient client = _server.CreateClient())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => client.UploadFileAsync(_server["local"], "a", FourSegments, null, stop.Token));
            // Disposal waits until the segments are deleted; the cancelled call does not.
        }

        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task A_local_file_that_changes_during_the_upload_is_not_published()
    {
        await _server.WriteFileAsync("a", Old);
        WriteLocalFile(Length);
        _server.Relay.WaitBeforeDataAsync = commands =>
        {
            using var local = new FileStream(_server["local"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            local.SetLength(Length + 1);
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<FtpIntegrityException>(() => PutAsync(FourSegments));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task An_upload_in_one_transfer_discards_a_partial_upload()
    {
        byte[] content = WriteLocalFile(Length);
        _server.Relay.GetResetOffset = commands => commands.EndsWith("STOR a", StringComparison.Ordinal) ? 300_000 : long.MaxValue;
        await Assert.ThrowsAnyAsync<FtpException>(() => PutAsync(FourSegments with { Segments = 1 }));
        _server.Relay.GetResetOffset = _ => long.MaxValue;
        await PutAsync(FourSegments);
        await AssertIsThereAsync(content);
        Assert.Equal(0, _server.Relay.CountCommands("COMB"));
        await using FtpClient client = _server.CreateClient();
        Assert.Equal(Length, await client.GetSizeAsync("a", Token));
    }

    private byte[] WriteLocalFile(int length)
    {
        byte[] content = RelayedTestServer.CreateContent(length);
        File.WriteAllBytes(_server["local"], content);
        return content;
    }

    private async Task<FtpTransferResult> PutAsync(FtpTransferOptions options, IProgress<FtpProgress>? progress = null, string path = "a")
    {
        await using FtpClient client = _server.CreateClient();
        return await client.UploadFileAsync(_server["local"], path, options, progress, Token);
    }

    /// <summary>Asserts that the server has this file and nothing else, neither hidden files nor partial uploads.</summary>
    private async Task AssertIsThereAsync(byte[] content)
    {
        Assert.True((await _server.ReadFileAsync("a")).AsSpan().SequenceEqual(content));
        Assert.Equal(["a"], await _server.ListNamesAsync());
        Assert.Equal(0, await _server.Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token));
    }
}
