using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Batch;

/// <summary>Batches of files, in block mode and as separate transfers, and the result of each file after failures.</summary>
public sealed class BatchTransferTests : IDisposable
{
    private const string Blocks = "MODE B DRAIN";

    /// <summary>The client does not wait for the reply to MODE B.</summary>
    private const string Entered = """
        C: MODE B
        C: EPSV
        S: 200 block
        S: 229 ok (|||{port}|)

        """;

    private const string Drains = "C: OPTS MODE B DRAIN ON\nS: 200 on\n";

    private const string Rejected = "C: MODE B\nC: EPSV\nS: 504 no\nS: 229 ok (|||{port}|)\n";

    private const string Left = "C: MODE S\nS: 200 stream\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Uploads_are_pipelined_and_a_rejected_one_does_not_fail_the_others()
    {
        IReadOnlyList<FtpBatchResult> results = await UploadAsync(
            [("a", "one"), ("b", "two"), ("c", ""), ("d", "four")],
            ScriptedPeer.Login(Blocks, "MFMT") + Drains + Entered + """
            C: STOR a
            C: STOR b
            C: STOR c
            C: STOR d
            B< one
            B< two
            B<
            B< four
            S: 150 go
            S: 250 stored
            S: 550 no
            S: 125 go
            S: 250 stored
            S: 125 go
            S: 250 stored
            C: MFMT 20200102030405 a
            C: MFMT 20200102030405 c
            C: MFMT 20200102030405 d
            S: 213 set
            S: 500 what
            S: 213 set

            """ + Left);
        Assert.Equal([true, false, true, true], results.Select(result => result.Succeeded));
        Assert.Equal([3, 0, 4], results.Where(result => result.Succeeded).Select(result => result.Result!.Bytes));
        Assert.Equal("no", Assert.IsType<FtpReplyException>(results[1].Exception).Reply.Text);
    }

    [Fact]
    public async Task No_command_is_sent_for_a_missing_local_file()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login(Blocks) + Drains + Entered + "C: STOR a\nB< one\nS: 150 go\nS: 250 done\n" + Left);
        await using (var client = new FtpClient(peer.Options))
        {
            IReadOnlyList<FtpBatchResult> results =
                await client.UploadManyAsync([new(PathOf("none"), "b"), Local("a", "one")], null, null, Token);
            Assert.IsType<FileNotFoundException>(results[0].Exception);
            Assert.True(results[1].Succeeded);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task An_upload_whose_local_path_contains_NUL_fails_without_a_command()
    {
        File.WriteAllText(PathOf("x"), "another file");
        IReadOnlyList<FtpBatchResult> results = await PlayAsync(
            client => client.UploadManyAsync([new(PathOf("x\0y"), "b"), Local("a", "one")], null, null, Token),
            [ScriptedPeer.Login(Blocks) + Drains + Entered + "C: STOR a\nB< one\nS: 150 go\nS: 250 done\n" + Left]);
        Assert.IsType<ArgumentException>(results[0].Exception);
        Assert.True(results[1].Succeeded);
    }

    [Fact]
    public async Task A_download_whose_local_path_contains_NUL_fails_without_a_command()
    {
        IReadOnlyList<FtpBatchResult> results = await PlayAsync(
            client => client.DownloadManyAsync([new(PathOf("x\0y"), "b"), To("a")], null, null, Token),
            [ScriptedPeer.Login(Blocks) + Entered + "C: RETR a\nS: 150 go\nB> one\nS: 250 sent\n" + Left]);
        Assert.IsType<ArgumentException>(results[0].Exception);
        Assert.True(results[1].Succeeded);
        Assert.Equal(["a"], _folder.GetFileSystemInfos().Select(entry => entry.Name));
    }

    [Fact]
    public async Task After_a_failed_connection_the_remaining_files_are_separate_transfers()
    {
        const string Stored = "S: 226 done\n";
        IReadOnlyList<FtpBatchResult> results = await UploadAsync(
            [("a", "one"), ("b", "two")],
            ScriptedPeer.Login(Blocks) + Drains + Entered + "C: STOR a\nC: STOR b\nB< one\nS: 150 go\nS: 250 stored\nS: 426 broken\n",
            ScriptedPeer.Login(Blocks) + "C: EPSV\nS: 229 ok (|||{port}|)\nC: STOR b\nS: 150 go\nD< two\n" + Stored);
        Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
    }

    [Fact]
    public async Task Without_block_mode_each_file_is_a_separate_transfer()
    {
        const string Stored = "S: 150 go\nD< one\nS: 226 done\n", Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";
        IReadOnlyList<FtpBatchResult> results = await UploadAsync(
            [("a", "one"), ("b", "one")], ScriptedPeer.Login("MODE Z") + $"{Passive}C: STOR a\n{Stored}{Passive}C: STOR b\n{Stored}");
        Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
    }

    [Fact]
    public async Task If_the_server_rejects_block_mode_each_file_is_a_separate_transfer()
    {
        const string Stored = "S: 150 go\nD< one\nS: 226 done\n", Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";
        IReadOnlyList<FtpBatchResult> results = await UploadAsync(
            [("a", "one"), ("b", "one")], ScriptedPeer.Login(Blocks)
                + "C: OPTS MODE B DRAIN ON\nC: MODE B\nC: EPSV\nS: 501 no\nS: 200 block\nS: 229 ok (|||{port}|)\n" + Left
                + $"{Passive}C: STOR a\n{Stored}{Passive}C: STOR b\n{Stored}");
        Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
    }

    [Fact]
    public async Task If_the_server_rejects_MODE_B_each_download_is_a_separate_transfer()
    {
        const string Sent = "S: 150 go\nD> one\nD.\nS: 226 done\n", Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";
        IReadOnlyList<FtpBatchResult> results = await DownloadAsync(
            ["a", "b"], ScriptedPeer.Login(Blocks) + Rejected + $"{Passive}C: RETR a\n{Sent}{Passive}C: RETR b\n{Sent}");
        Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
    }

    [Fact]
    public async Task If_EPSV_fails_in_block_mode_PASV_is_used()
    {
        IReadOnlyList<FtpBatchResult> results = await DownloadAsync(
            ["a", "b"], ScriptedPeer.Login(Blocks) + "C: MODE B\nC: EPSV\nS: 200 block\nS: 500 no\nC: EPSV\nS: 500 no\n"
                + "C: PASV\nS: 227 ok (127,0,0,1,{p1},{p2})\nC: RETR a\nC: RETR b\n"
                + "S: 150 go\nB> one\nS: 250 sent\nS: 125 go\nB> two\nS: 250 sent\n" + Left);
        Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
    }

    [Fact]
    public async Task A_batch_deletes_what_a_killed_process_left_in_its_target_directories()
    {
        _folder.CreateSubdirectory("sub");
        string[] leftovers = [PathOf(".0123456789abcdef.fts-part"), PathOf("sub/.fedcba9876543210.fts-part")];
        foreach (string leftover in leftovers)
        {
            File.WriteAllText(leftover, "half");
        }

        const string Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n", Sent = "S: 150 go\nD> one\nD.\nS: 226 done\n";
        await PlayAsync(
            client => client.DownloadManyAsync([To("a"), To("sub/b")], null, null, Token),
            [ScriptedPeer.Login() + $"{Passive}C: RETR a\n{Sent}{Passive}C: RETR sub/b\n{Sent}"]);
        Assert.All(leftovers, leftover => Assert.False(File.Exists(leftover)));
        Assert.Equal(("one", "one"), (File.ReadAllText(PathOf("a")), File.ReadAllText(PathOf("sub/b"))));
    }

    [Theory]
    [InlineData("! there\n? never")]
    [InlineData("! there\nX!")]
    [InlineData("! there\nS: 421 one is enough\nX")]
    [InlineData("S: 220 hello\nC: USER anonymous\n! there\nS: 530 one is enough")]
    public async Task A_second_connection_that_fails_delays_no_file(string second)
    {
        const string Stored = "S: 150 go\nD< one\nS: 226 done\n", Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + $"{Passive}C: STOR *\n? there\n{Stored}"
                + string.Concat(Enumerable.Repeat($"{Passive}C: STOR *\n{Stored}", 3)) + "! stored", second);
        // Longer than the deadline of the test, so a wait for it fails the test.
        await using var client = new FtpClient(
            peer.Options with { MaxConnections = 2, Timeouts = peer.Options.Timeouts with { Reply = TimeSpan.FromMinutes(1) } });
        Task<IReadOnlyList<FtpBatchResult>> running =
            client.UploadManyAsync([Local("a", "one"), Local("b", "one"), Local("c", "one"), Local("d", "one")], null, null, Token);
        await peer.WaitForSignalAsync("stored");
        Assert.All(await running.WaitAsync(TimeSpan.FromSeconds(2), Token),
            result => Assert.True(result.Succeeded, result.Exception?.Message));
    }

    [Fact]
    public async Task Large_and_partially_downloaded_files_are_separate_transfers()
    {
        const string Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";
        File.WriteAllText(PathOf(".c.fts-part"), "");
        FtpEntry large = new() { Path = "b", Name = "b", Kind = Protocol.FtpEntryKind.File, Length = 10_000_000,
            LastModified = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc) };
        var told = new List<FtpProgress>();
        IReadOnlyList<FtpBatchResult> results = await PlayAsync(
            client => client.DownloadManyAsync(
                [To("a"), To("b") with { SourceEntry = large, Progress = new ProgressRecorder(told) }, To("c")], null, null, Token),
            [ScriptedPeer.Login(Blocks) + Entered + "C: RETR a\nS: 150 go\nB> one\nS: 250 sent\n" + Left +
                $"{Passive}C: RETR b\nS: 150 go\nD> two\nD.\nS: 226 sent\n{Passive}C: RETR c\nS: 150 go\nD> three\nD.\nS: 226 sent\n"]);
        Assert.Equal([true, false, true], results.Select(result => result.Succeeded));
        Assert.IsType<FtpIntegrityException>(results[1].Exception);
        Assert.Contains(told, progress => progress is { Path: "b", Bytes: 3 });
        Assert.NotNull(FtpPartialDownload.Find(PathOf("b")));
    }

    private sealed class ProgressRecorder(List<FtpProgress> told) : IProgress<FtpProgress>
    {
        public void Report(FtpProgress value) => told.Add(value);
    }

    [Fact]
    public async Task Downloads_are_pipelined_and_a_missing_file_leaves_nothing()
    {
        IReadOnlyList<FtpBatchResult> results = await DownloadAsync(
            ["a", "b", "c"],
            ScriptedPeer.Login(Blocks, "MDTM") + Entered + """
            C: MDTM a
            C: RETR a
            C: MDTM b
            C: RETR b
            C: MDTM c
            C: RETR c
            B> one
            B>
            S: 213 20200102030405
            S: 150 go (3 bytes)
            S: 250 sent
            S: 550 no
            S: 550 no
            S: 550 no time
            S: 125 go
            S: 250 sent

            """ + Left);
        Assert.Equal([true, false, true], results.Select(result => result.Succeeded));
        Assert.Equal(("one", ""), (File.ReadAllText(PathOf("a")), File.ReadAllText(PathOf("c"))));
        Assert.Equal(new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc), File.GetLastWriteTimeUtc(PathOf("a")));
        Assert.Equal(["a", "c"], _folder.GetFileSystemInfos().Select(entry => entry.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_download_with_a_negative_reply_immediately_after_the_preliminary_one_leaves_nothing()
    {
        const int Failing = 50;
        string[] names = [.. Enumerable.Range(0, Failing).Select(i => $"f{i}"), "last"];
        IReadOnlyList<FtpBatchResult> results = await DownloadAsync(
            names,
            ScriptedPeer.Login(Blocks) + Entered + string.Concat(names.Select(name => $"C: RETR {name}\n"))
                + "S* " + string.Concat(Enumerable.Repeat("150 go\\r\\n451 broken\\r\\n", Failing)) + "\n"
                + string.Concat(Enumerable.Repeat("B> half\n", Failing)) + "S: 150 go\nB> one\nS: 250 sent\n" + Left);
        Assert.All(results.SkipLast(1), result => Assert.IsType<FtpReplyException>(result.Exception));
        Assert.True(results[^1].Succeeded, results[^1].Exception?.Message);
        Assert.Equal(["last"], _folder.GetFileSystemInfos().Select(entry => entry.Name));
    }

    [Fact]
    public async Task A_download_whose_length_differs_from_the_announced_length_is_not_kept()
    {
        IReadOnlyList<FtpBatchResult> results = await DownloadAsync(
            ["a", "b"], ScriptedPeer.Login(Blocks) + Entered
                + "C: RETR a\nC: RETR b\nS: 150 go (4 bytes)\nB> one\nS: 250 sent\nS: 125 go\nB> two\nS: 250 sent\n" + Left);
        Assert.IsType<FtpIntegrityException>(results[0].Exception);
        Assert.True(results[1].Succeeded);
        Assert.Equal(["b"], _folder.GetFileSystemInfos().Select(entry => entry.Name));
    }

    [Fact]
    public async Task A_download_without_a_writable_target_is_not_requested()
    {
        _folder.CreateSubdirectory("a");
        IReadOnlyList<FtpBatchResult> results =
            await DownloadAsync(["a", "b"], ScriptedPeer.Login(Blocks) + Entered + "C: RETR b\nS: 150 go\nB> two\nS: 250 sent\n" + Left);
        Assert.IsType<IOException>(results[0].Exception);
        Assert.True(results[1].Succeeded);
    }

    [Fact]
    public async Task After_a_failed_login_there_is_no_second_attempt()
    {
        IReadOnlyList<FtpBatchResult> results = await UploadAsync(
            [("a", "one"), ("b", "two"),
                ("c", "three")], "S: 220 hello\nC: USER anonymous\nS: 331 password\nC: PASS anonymous@\nS: 530 no\n");
        Assert.All(results, result => Assert.IsType<FtpLoginException>(result.Exception));
    }

    [Fact]
    public async Task The_number_of_commands_without_a_reply_is_limited()
    {
        const int Files = 1200, Most = 512;
        string asked = string.Concat(Enumerable.Range(0, Most).Select(i => $"C: STOR f{i}\n")), stored = "B< x\nS: 125 go\nS: 250 stored\n";
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login(Blocks) + Drains + Entered + asked + string.Concat(Enumerable.Repeat(stored, Most / 2))
            + "! halved\n? never");
        int underWay = 0, most = 0;
        await using var client = new FtpClient(peer.Options with
        {
            Trace = trace => most = Math.Max(most, trace.Line switch
            {
                ['S', 'T', 'O', 'R', ..] => Interlocked.Increment(ref underWay),
                "250 stored" => Interlocked.Decrement(ref underWay),
                _ => 0,
            }),
        });
        File.WriteAllText(PathOf("x"), "x");
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<IReadOnlyList<FtpBatchResult>> running =
            client.UploadManyAsync(
                [.. Enumerable.Range(0, Files).Select(i => new FtpBatchFile(PathOf("x"), $"f{i}"))], null, null, cancelled.Token);
        await peer.WaitForSignalAsync("halved");
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(Most, most);
    }

    [Fact]
    public async Task A_second_connection_transfers_the_files_that_exceed_the_limit_of_the_first()
    {
        // The first connection reaches its limit before the second is greeted, and receives no reply before the second has transferred the
        // rest.
        const int Files = 1000, Fill = 512, Others = Files - Fill - 1;
        const string Ask = "C: STOR *\n", Stored = "B< x\nS: 125 go\nS: 250 stored\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Blocks) + Drains + Entered + Times(Fill, Ask) + "! full\n? others\n" + Times(Fill, Stored) + Ask + Stored
                + Left,
            "? full\n" + ScriptedPeer.Login(Blocks) + Drains + Entered + Times(Others, Ask) + Times(Others, Stored) + Left + "! others\n");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 2 }))
        {
            File.WriteAllText(PathOf("x"), "x");
            FtpBatchFile[] files = [.. Enumerable.Range(0, Files).Select(i => new FtpBatchFile(PathOf("x"), $"f{i}"))];
            IReadOnlyList<FtpBatchResult> results = await client.UploadManyAsync(files, null, null, Token);
            Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
        }

        await peer.WaitForScriptsAsync();

        static string Times(int count, string lines) => string.Concat(Enumerable.Repeat(lines, count));
    }

    [Fact]
    public async Task Cancellation_ends_the_batch_and_leaves_no_staging_file()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login(Blocks) + Entered + "C: RETR a\nC: RETR b\nS: 150 go\n! begun\n? never");
        await using var client = new FtpClient(peer.Options);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<IReadOnlyList<FtpBatchResult>> running = client.DownloadManyAsync([To("a"), To("b")], null, null, cancelled.Token);
        await peer.WaitForSignalAsync("begun");
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private FtpBatchFile To(string name) => new(PathOf(name), name);

    private FtpBatchFile Local(string name, string content)
    {
        File.WriteAllText(PathOf(name), content);
        File.SetLastWriteTimeUtc(PathOf(name), new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        return To(name);
    }

    private Task<IReadOnlyList<FtpBatchResult>> UploadAsync((string Name, string Content)[] files, params string[] scripts) =>
        PlayAsync(client => client.UploadManyAsync([.. files.Select(file => Local(file.Name, file.Content))], null, null, Token), scripts);

    private Task<IReadOnlyList<FtpBatchResult>> DownloadAsync(string[] names, params string[] scripts) =>
        PlayAsync(client => client.DownloadManyAsync([.. names.Select(To)], null, null, Token), scripts);

    private static async Task<IReadOnlyList<FtpBatchResult>> PlayAsync(
        Func<FtpClient, Task<IReadOnlyList<FtpBatchResult>>> act, string[] scripts)
    {
        await using var peer = ScriptedPeer.Start(scripts);
        IReadOnlyList<FtpBatchResult> results;
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            results = await act(client);
        }

        await peer.WaitForScriptsAsync();
        return results;
    }
}
