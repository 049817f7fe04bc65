using System.Collections.Concurrent;
using Fts.Client.Tests.Downloads;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Segments;

/// <summary>
/// Downloads of one file over several connections, from our server behind a relay that makes it behave like other servers.
/// </summary>
public sealed class SegmentedDownloadTests : IAsyncDisposable
{
    private const int MiB = 1024 * 1024, Length = 4 * MiB;

    private static readonly FtpTransferOptions Four = new() { Segments = 4 };

    private readonly RelayedTestServer _files = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _files.DisposeAsync();

    [Theory]
    [InlineData(Length)]
    [InlineData(Length + 1)]
    [InlineData(Length - 1)]
    [InlineData((2 * MiB) + 17)]
    public async Task Every_byte_is_written_at_its_offset(int length)
    {
        byte[] content = RelayedTestServer.Content(length);
        await _files.PutAsync("a", content);
        var steps = new Steps();
        FtpTransferResult result = await GetAsync(Four, steps);
        Assert.Equal((length, 0, FtpVerifiedBy.Length, RelayedTestServer.Time),
            (result.Bytes, result.ResumedBytes, result.VerifiedBy, result.LastModified?.UtcDateTime));
        Assert.Equal(226, (int)result.Reply!.Code);
        Assert.Equal((FtpTransferStage.Committing, length, length), (steps.Last.Stage, steps.Last.Bytes, steps.Last.TotalBytes));
        await AssertIsHereAsync(content);
        Assert.Equal(length / MiB, _files.Relay.Count("RETR"));
        Assert.Equal((length / MiB) - 1, _files.Relay.Count("RANG"));
        Assert.Equal(0, _files.Relay.Count("ABOR"));
    }

    [Fact]
    public async Task The_content_is_verified_by_hash_if_requested()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        Assert.Equal(FtpVerifiedBy.Hash, (await GetAsync(Four with { Verification = FtpVerification.ByHash })).VerifiedBy);
        await AssertIsHereAsync(content);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(null)]
    public async Task One_connection_is_used_if_requested_or_if_the_round_trip_is_short(int? segments)
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        await GetAsync(new FtpTransferOptions { Segments = segments });
        await AssertIsHereAsync(content);
        Assert.Equal((1, 1), (_files.Relay.Connections, _files.Relay.Count("RETR")));
    }

    [Fact]
    public async Task Without_RANG_each_transfer_is_aborted_at_the_end_of_its_segment()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.RewriteReply = line => line.StartsWith(" RANG", StringComparison.Ordinal) ? null : line;
        await GetAsync(Four);
        await AssertIsHereAsync(content);
        Assert.Equal(
            (4, 3, 3, 0), (_files.Relay.Count("RETR"), _files.Relay.Count("REST"), _files.Relay.Count("ABOR"), _files.Relay.Count("RANG")));
    }

    [Theory]
    [InlineData("350 as you like")]
    [InlineData("501 not for RETR")]
    public async Task If_the_server_ignores_RANG_segments_start_with_REST(string answer)
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.ReplyToCommand = command => Task.FromResult(command.StartsWith("RANG", StringComparison.Ordinal) ? answer : null);
        await GetAsync(Four);
        await AssertIsHereAsync(content);
    }

    [Fact]
    public async Task Without_REST_the_file_is_downloaded_in_one_transfer()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.RewriteReply = line => line.StartsWith(" REST", StringComparison.Ordinal) ? null : line;
        await GetAsync(Four);
        await AssertIsHereAsync(content);
        Assert.Equal(1, _files.Relay.Count("RETR"));
    }

    [Fact]
    public async Task If_the_server_lists_REST_and_rejects_it_the_file_is_downloaded_in_one_transfer()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.RewriteReply = line => line.StartsWith(" RANG", StringComparison.Ordinal) ? null : line;
        _files.Relay.ReplyToCommand = command => Task.FromResult(command.StartsWith("REST", StringComparison.Ordinal) ? "502 never" : null);
        await GetAsync(Four);
        await AssertIsHereAsync(content);
    }

    [Fact]
    public async Task A_file_of_a_server_that_ignores_REST_is_downloaded_in_one_transfer()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.RewriteReply = line => line.StartsWith(" RANG", StringComparison.Ordinal) ? null : line;
        _files.Relay.ReplyToCommand = command => Task.FromResult(command.StartsWith("REST", StringComparison.Ordinal) ? "350 yes" : null);
        Assert.Equal((Length, 0), await GetAsync(Four) is var result ? (result.Bytes, result.ResumedBytes) : default);
        await AssertIsHereAsync(content);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Fewer_connections_are_used_if_the_server_allows_fewer(int most)
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.MaxConnections = most;
        await GetAsync(Four);
        await AssertIsHereAsync(content);
        Assert.Equal(4, _files.Relay.Count("RETR"));
    }

    [Fact]
    public async Task One_connection_is_used_if_the_server_allows_one_transfer_at_a_time()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        // While the first connection transfers, each of the three others is rejected twice and then retires.
        const int Refusals = 6;
        int refused = 0;
        var allRefused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _files.Relay.WaitBeforeData = commands =>
            commands.Contains("RANG 0 ", StringComparison.Ordinal) ? allRefused.Task : Task.CompletedTask;
        _files.Relay.ReplyToCommand = command =>
        {
            // The last segment ends with the file, so it uses REST instead of RANG.
            bool isAnother = command.StartsWith("REST", StringComparison.Ordinal)
                || (command.StartsWith("RANG", StringComparison.Ordinal) && !command.StartsWith("RANG 0 ", StringComparison.Ordinal));
            int rejections = isAnother ? Interlocked.Increment(ref refused) : 0;
            if (rejections == Refusals)
            {
                allRefused.SetResult();
            }

            return Task.FromResult(rejections is > 0 and <= Refusals ? "450 one at a time" : null);
        };
        await GetAsync(Four);
        await AssertIsHereAsync(content);
    }

    [Fact]
    public async Task An_interrupted_segment_is_resumed_at_its_offset()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        int broken = 0;
        _files.Relay.GetResetOffset = commands =>
            commands.Contains("RANG 1048576", StringComparison.Ordinal) && Interlocked.Increment(ref broken) <= 10
                ? 100_000
                : long.MaxValue;
        FtpTransferResult result = await GetAsync(Four);
        Assert.Equal(Length, result.Bytes);
        await AssertIsHereAsync(content);
        Assert.Equal(5, _files.Relay.Count("RETR"));
    }

    [Fact]
    public async Task A_segment_that_fails_twice_fails_the_download_and_the_next_download_transfers_the_missing_bytes()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.GetResetOffset = commands => commands.Contains("RANG", StringComparison.Ordinal)
            && !commands.Contains("RANG 0 ", StringComparison.Ordinal) ? 100_000 : long.MaxValue;
        await Assert.ThrowsAnyAsync<FtpException>(() => GetAsync(Four));
        Assert.Equal([".a.fts-part", ".a.fts-part-of"], _files.LocalNames);
        FtpPartialDownload kept = FtpPartialDownload.Find(_files["a"])!;
        Assert.InRange(kept.Length, MiB, Length - 1);

        _files.Relay.GetResetOffset = _ => long.MaxValue;
        FtpTransferResult result = await GetAsync(Four);
        Assert.Equal((kept.Length, Length - kept.Length, FtpVerifiedBy.Hash), (result.ResumedBytes, result.Bytes, result.VerifiedBy));
        await AssertIsHereAsync(content);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_cancelled_download_is_resumed_with_any_number_of_segments(int segments)
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        await CancelAsync(content);
        FtpPartialDownload kept = FtpPartialDownload.Find(_files["a"])!;
        FtpTransferResult result = await GetAsync(new FtpTransferOptions { Segments = segments });
        Assert.Equal((kept.Length, Length - kept.Length), (result.ResumedBytes, result.Bytes));
        await AssertIsHereAsync(content);
    }

    [Fact]
    public async Task A_download_cancelled_after_its_last_byte_is_not_downloaded_again()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        _files.Relay.ReplyToCommand = async command =>
        {
            if (command.StartsWith("HASH", StringComparison.Ordinal))
            {
                await stop.CancelAsync();
            }

            return null;
        };
        await using (FtpClient client = _files.Client())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => client.DownloadFileAsync(_files["a"], "a", Four with { Verification = FtpVerification.ByHash }, null, stop.Token));
        }

        FtpTransferResult result = await GetAsync(Four);
        Assert.Equal((Length, 0, FtpVerifiedBy.Hash), (result.ResumedBytes, result.Bytes, result.VerifiedBy));
        await AssertIsHereAsync(content);
    }

    [Fact]
    public async Task After_a_killed_client_only_saved_ranges_count_as_received()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        (byte[] Part, byte[] Record) killed = ([], []);
        await CancelAsync(content, () => killed = (Read(_files[".a.fts-part"]), Read(_files[".a.fts-part-of"])));
        await File.WriteAllBytesAsync(_files[".a.fts-part"], killed.Part, Token);
        await File.WriteAllBytesAsync(_files[".a.fts-part-of"], killed.Record, Token);
        Assert.Null(FtpPartialDownload.Find(_files["a"]));

        await File.WriteAllBytesAsync(_files[".a.fts-part"], killed.Part, Token);
        await File.WriteAllBytesAsync(_files[".a.fts-part-of"], killed.Record, Token);
        FtpTransferResult result = await GetAsync(new FtpTransferOptions { Segments = 1, Verification = FtpVerification.Length });
        Assert.Equal((0, Length), (result.ResumedBytes, result.Bytes));
        await AssertIsHereAsync(content);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_changes_during_the_download_is_detected(bool isShorter)
    {
        await _files.PutAsync("a", RelayedTestServer.Content(Length));
        int begun = 0;
        _files.Relay.ReplyToCommand = async command =>
        {
            if (command.StartsWith("RETR", StringComparison.Ordinal) && Interlocked.Increment(ref begun) == 3)
            {
                await _files.PutAsync("a", new byte[isShorter ? MiB : Length], RelayedTestServer.Time.AddSeconds(1));
            }

            return null;
        };
        FtpIntegrityException e = await Assert.ThrowsAsync<FtpIntegrityException>(() => GetAsync(Four));
        Assert.Equal(FtpIntegrityFailure.SourceChanged, e.Failure);
        Assert.Empty(_files.LocalNames);
    }

    [Fact]
    public async Task A_file_that_is_longer_than_the_server_reports_is_downloaded_in_one_transfer()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        _files.Relay.RewriteReply = line => line.Replace($"size={Length}", $"size={3 * MiB}", StringComparison.OrdinalIgnoreCase);
        FtpTransferResult result = await GetAsync(Four);
        Assert.Equal((Length, FtpTransferWarning.LongerThanReported), (result.Bytes, result.Warning));
        await AssertIsHereAsync(content);
    }

    [Fact]
    public async Task A_file_whose_time_may_not_reveal_a_change_is_downloaded_in_one_transfer()
    {
        byte[] content = RelayedTestServer.Content(Length);
        DateTime now = DateTime.UtcNow;
        await _files.PutAsync("a", content, new DateTime(now.Ticks - (now.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc));
        await GetAsync(Four);
        await AssertIsHereAsync(content);
        Assert.Equal(1, _files.Relay.Count("RETR"));
    }

    [Fact]
    public async Task A_partial_download_of_another_file_is_not_used()
    {
        byte[] content = RelayedTestServer.Content(Length);
        await _files.PutAsync("a", content);
        await CancelAsync(content);
        byte[] other = new byte[Length];
        await _files.PutAsync("a", other, RelayedTestServer.Time.AddSeconds(5));
        FtpTransferResult result = await GetAsync(Four);
        Assert.Equal((0, Length), (result.ResumedBytes, result.Bytes));
        await AssertIsHereAsync(other);
    }

    /// <summary>Cancels a download after its first segment and some bytes of each other one.</summary>
    private async Task CancelAsync(byte[] content, Action? meanwhile = null)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "What is being written can be read by nobody else there.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var pieces = new ConcurrentDictionary<string, int>();
        _files.Relay.WaitBeforeData = commands =>
            commands.Contains("RANG 0 ", StringComparison.Ordinal) || pieces.AddOrUpdate(commands, 1, (_, count) => count + 1) <= 4
                ? Task.CompletedTask : Task.Delay(Timeout.Infinite, stop.Token);
        await using FtpClient client = _files.Client();
        Task<FtpTransferResult> getting = client.DownloadFileAsync(_files["a"], "a", Four, null, stop.Token);
        while (!HasSome(content))
        {
            await Task.Delay(5, Token);
        }

        meanwhile?.Invoke();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => getting);
        _files.Relay.WaitBeforeData = _ => Task.CompletedTask;
    }

    private bool HasSome(byte[] content)
    {
        const int Some = 10_000;
        byte[] there = File.Exists(_files[".a.fts-part"]) && new FileInfo(_files[".a.fts-part"]).Length > 3 * MiB
            ? Read(_files[".a.fts-part"]) : [];
        return there.Length > (3 * MiB) + Some && there.AsSpan(0, MiB).SequenceEqual(content.AsSpan(0, MiB))
            && Enumerable.Range(1, 3).All(segment => there.AsSpan(segment * MiB, Some).SequenceEqual(content.AsSpan(segment * MiB, Some)));
    }

    /// <summary>Reads the file although it is locked.</summary>
    private static byte[] Read(string path)
    {
        string copy = Path.GetTempFileName();
        using (var process = System.Diagnostics.Process.Start("cp", [path, copy]))
        {
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }

        byte[] content = File.ReadAllBytes(copy);
        File.Delete(copy);
        return content;
    }

    private async Task<FtpTransferResult> GetAsync(FtpTransferOptions options, IProgress<FtpProgress>? progress = null)
    {
        await using FtpClient client = _files.Client();
        return await client.DownloadFileAsync(_files["a"], "a", options, progress, Token);
    }

    private async Task AssertIsHereAsync(byte[] content)
    {
        byte[] there = await File.ReadAllBytesAsync(_files["a"], Token);
        Assert.True(content.AsSpan().SequenceEqual(there));
        Assert.Equal(["a"], _files.LocalNames);
    }
}
