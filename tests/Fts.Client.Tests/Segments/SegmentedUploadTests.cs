using Fts.Client.Tests.Downloads;
using Fts.Client.Tests.Support;
using Fts.Storage;

namespace Fts.Client.Tests.Segments;

/// <summary>One file in parts over several connections, to our server, which is made to seem another's or a worse one.</summary>
public sealed class SegmentedUploadTests : IAsyncDisposable
{
    private const int MiB = 1024 * 1024, Length = 4 * MiB;

    private static readonly FtpTransferOptions Four = new() { Segments = 4 };

    private static readonly byte[] Old = [1, 2, 3];

    private readonly RelayedTestServer _files = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    [Theory]
    [InlineData(Length)]
    [InlineData(Length + 1)]
    [InlineData(Length - 1)]
    [InlineData((2 * MiB) + 17)]
    public async Task The_server_joins_them(int length)
    {
        byte[] content = Local(length);
        var steps = new Steps();
        FtpTransferResult result = await PutAsync(Four, steps);
        Assert.Equal((length, 0, FtpVerifiedBy.Length), (result.Bytes, result.ResumedBytes, result.VerifiedBy));
        Assert.Equal((length, length), (steps.Last.Bytes, steps.Last.TotalBytes));
        await AssertIsThereAsync(content);
        Assert.Equal((length / MiB, 1), (_files.Relay.Count("STOR"), _files.Relay.Count("COMB")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_there_is_replaced_and_not_added_to(bool byHash)
    {
        await _files.PutAsync("a", Old);
        byte[] content = Local(Length);
        FtpTransferResult result = await PutAsync(Four with { Verification = byHash ? FtpVerification.ByHash : FtpVerification.Length });
        Assert.Equal(byHash ? FtpVerifiedBy.Hash : FtpVerifiedBy.Length, result.VerifiedBy);
        await AssertIsThereAsync(content);
    }

    [Fact]
    public async Task A_target_in_a_folder_has_its_parts_there()
    {
        await _files.Store.CreateDirectoryAsync(StorePath.Root.Resolve("some folder")!.Value, Token);
        byte[] content = Local(Length);
        await PutAsync(Four, path: "/some folder/b c");
        Assert.True((await _files.GetAsync("/some folder/b c")).AsSpan().SequenceEqual(content));
        Assert.Equal((4, 1), (_files.Relay.Count("STOR /some folder/.b c."), _files.Relay.Count("COMB \"/some folder/.b c.")));
    }

    [Theory]
    [InlineData("a \"quoted\" name")]
    [InlineData("long/1/1/1/1")]
    public async Task A_path_that_cannot_be_said_in_one_command_goes_plainly(string path)
    {
        string at = path;
        if (path.StartsWith("long", StringComparison.Ordinal))
        {
            at = "";
            for (int depth = 0; depth < 4; depth++)
            {
                at += "/" + new string('x', 200);
                await _files.Store.CreateDirectoryAsync(StorePath.Root.Resolve(at)!.Value, Token);
            }

            at += "/a";
        }

        byte[] content = Local(Length);
        await PutAsync(Four, path: at);
        Assert.True((await _files.GetAsync(at)).AsSpan().SequenceEqual(content));
        Assert.Equal((1, 0), (_files.Relay.Count("STOR"), _files.Relay.Count("COMB")));
    }

    [Fact]
    public async Task A_name_as_long_as_may_be_is_no_longer_in_parts()
    {
        string name = new('n', 255);
        byte[] content = Local(Length);
        await PutAsync(Four, path: name);
        Assert.True((await _files.GetAsync(name)).AsSpan().SequenceEqual(content));
        Assert.Equal(1, _files.Relay.Count("COMB"));
    }

    [Fact]
    public async Task What_is_there_and_not_to_be_replaced_is_left_before_a_byte_moves()
    {
        await _files.PutAsync("a", Old);
        Local(Length);
        await Assert.ThrowsAsync<FtpTargetExistsException>(() => PutAsync(Four with { Overwrite = false }));
        await AssertIsThereAsync(Old);
        Assert.Equal(0, _files.Relay.Count("STOR"));
    }

    [Fact]
    public async Task What_came_there_meanwhile_and_is_not_to_be_replaced_is_left()
    {
        Local(Length);
        _files.Relay.Answer = async command =>
        {
            if (command.StartsWith("COMB", StringComparison.Ordinal))
            {
                await _files.PutAsync("a", Old);
            }

            return null;
        };
        await Assert.ThrowsAsync<FtpTargetExistsException>(() => PutAsync(Four with { Overwrite = false }));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task A_server_that_does_not_join_gets_it_plainly()
    {
        byte[] content = Local(Length);
        _files.Relay.Reply = line => line == " COMB" ? null : line;
        await PutAsync(Four);
        await AssertIsThereAsync(content);
        Assert.Equal((1, 1), (_files.Relay.Count("STOR a"), _files.Relay.Count("STOR")));
    }

    [Theory]
    [InlineData("STOR .", "553 no such names")]
    [InlineData("COMB", "550 not today")]
    [InlineData("COMB", "452 no room for it twice")]
    [InlineData("COMB", "250 done, or so I say")]
    [InlineData("RNTO", "550 it exists")]
    public async Task A_server_that_refuses_the_parts_gets_it_plainly(string verb, string answer)
    {
        await _files.PutAsync("a", Old);
        byte[] content = Local(Length);
        _files.Relay.Answer = command => Task.FromResult(command.StartsWith(verb, StringComparison.Ordinal) ? answer : null);
        await using FtpClient client = _files.Client();
        await client.UploadFileAsync(_files["local"], "a", Four, null, Token);
        await AssertIsThereAsync(content);

        int before = _files.Relay.Count("STOR");
        await client.UploadFileAsync(_files["local"], "a", Four, null, Token);
        await AssertIsThereAsync(content);
        Assert.Equal(before + 1, _files.Relay.Count("STOR"));
    }

    [Fact]
    public async Task When_the_joining_breaks_off_the_old_one_is_there_and_no_part()
    {
        await _files.PutAsync("a", Old);
        Local(Length);
        _files.Relay.Answer = command => Task.FromResult(command.StartsWith("COMB", StringComparison.Ordinal) ? "421 leaving" : null);
        await Assert.ThrowsAsync<FtpConnectionException>(() => PutAsync(Four));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task What_was_joined_to_another_length_never_gets_the_name()
    {
        await _files.PutAsync("a", Old);
        Local(Length);
        _files.Relay.Reply = line => line == $"213 {Length}" ? $"213 {Length - 1}" : line;
        await Assert.ThrowsAsync<FtpIntegrityException>(() => PutAsync(Four));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task What_was_joined_to_other_content_never_gets_the_name()
    {
        await _files.PutAsync("a", Old);
        Local(Length);
        _files.Relay.Reply = line => line.StartsWith("213 SHA-256 ", StringComparison.Ordinal) ? $"213 SHA-256 0-{Length - 1} {new string('0', 64)} a" : line;
        await Assert.ThrowsAsync<FtpIntegrityException>(() => PutAsync(Four with { Verification = FtpVerification.ByHash }));
        await AssertIsThereAsync(Old);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_server_that_lets_fewer_connections_in_is_used_with_those(int most)
    {
        byte[] content = Local(Length);
        _files.Relay.MostConnections = most;
        await PutAsync(Four);
        await AssertIsThereAsync(content);
        Assert.Equal(4, _files.Relay.Count("STOR"));
    }

    [Fact]
    public async Task A_part_that_breaks_is_sent_once_more()
    {
        byte[] content = Local(Length);
        _files.Relay.CutAfter = asked => asked.EndsWith("part-2-of-4", StringComparison.Ordinal) ? 300_000 : long.MaxValue;
        FtpTransferResult result = await PutAsync(Four);
        Assert.Equal(Length, result.Bytes);
        await AssertIsThereAsync(content);
        Assert.Equal(5, _files.Relay.Count("STOR"));
    }

    [Fact]
    public async Task One_that_breaks_again_fails_the_upload_and_leaves_the_old_one_and_no_part()
    {
        await _files.PutAsync("a", Old);
        Local(Length);
        _files.Relay.CutAfter = asked => asked.Contains("part-2-of-4", StringComparison.Ordinal) ? 300_000 : long.MaxValue;
        await Assert.ThrowsAnyAsync<FtpException>(() => PutAsync(Four));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task A_cancelled_one_leaves_the_old_one_and_no_part()
    {
        await _files.PutAsync("a", Old);
        Local(Length);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        int pieces = 0;
        _files.Relay.Pass = async asked =>
        {
            if (asked.Contains("part-3", StringComparison.Ordinal) && Interlocked.Increment(ref pieces) == 3)
            {
                await stop.CancelAsync();
            }
        };
        await using (FtpClient client = _files.Client())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.UploadFileAsync(_files["local"], "a", Four, null, stop.Token));
            // Disposal waits for the removal of the parts, which the cancelled call does not.
        }

        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task A_local_file_that_becomes_another_meanwhile_is_not_announced()
    {
        await _files.PutAsync("a", Old);
        Local(Length);
        _files.Relay.Pass = asked =>
        {
            using var local = new FileStream(_files["local"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            local.SetLength(Length + 1);
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<FtpIntegrityException>(() => PutAsync(Four));
        await AssertIsThereAsync(Old);
    }

    [Fact]
    public async Task What_waits_to_be_resumed_is_made_void_by_a_plain_upload()
    {
        byte[] content = Local(Length);
        _files.Relay.CutAfter = asked => asked.EndsWith("STOR a", StringComparison.Ordinal) ? 300_000 : long.MaxValue;
        await Assert.ThrowsAnyAsync<FtpException>(() => PutAsync(Four with { Segments = 1 }));
        _files.Relay.CutAfter = _ => long.MaxValue;
        await PutAsync(Four);
        await AssertIsThereAsync(content);
        Assert.Equal(0, _files.Relay.Count("COMB"));
        await using FtpClient client = _files.Client();
        Assert.Equal(Length, await client.GetSizeAsync("a", Token));
    }

    private byte[] Local(int length)
    {
        byte[] content = RelayedTestServer.Content(length);
        File.WriteAllBytes(_files["local"], content);
        return content;
    }

    private async Task<FtpTransferResult> PutAsync(FtpTransferOptions options, IProgress<FtpProgress>? progress = null, string path = "a")
    {
        await using FtpClient client = _files.Client();
        return await client.UploadFileAsync(_files["local"], path, options, progress, Token);
    }

    /// <summary>And nothing else, hidden or waiting to be resumed.</summary>
    private async Task AssertIsThereAsync(byte[] content)
    {
        Assert.True((await _files.GetAsync("a")).AsSpan().SequenceEqual(content));
        Assert.Equal(["a"], await _files.NamesAsync());
        Assert.Equal(0, await _files.Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token));
    }
}
