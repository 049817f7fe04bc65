using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Sync;

/// <summary>Plans of mirrors and their execution, as literal conversations.</summary>
public sealed class MirrorTests : IDisposable
{
    private const string Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n", IsFolder = "S: 250-facts\nS:  type=dir;unique=1; top\nS: 250 end\n";

    private const string Blocks = "C: MODE B\nC: EPSV\nS: 200 block\nS: 229 ok (|||{port}|)\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_unreadable_directory_is_a_failure_and_a_link_to_an_ancestor_is_skipped()
    {
        FtpMirrorPlan plan = await PlanAsync(
            FtpMirrorDirection.Download,
            ScriptedPeer.Login("MLST") + "C: MLST top\n" + IsFolder
                + Listing("top", "type=dir;unique=2; a", "type=dir;unique=1; circle", "type=dir;unique=3; shut",
                    "type=OS.unix=slink:x;unique=4; link", "type=file;size=3;modify=20200102030405; f")
                + Listing("top/a", "type=dir;unique=2; again", "type=file;size=5;modify=20200102030405; g")
                + $"{Passive}C: MLSD top/shut\nS: 550 permission denied\n");
        Assert.Equal(["a", "shut"], plan.Directories.Select(folder => Path.GetFileName(folder)));
        Assert.Equal(["top/a/g", "top/f"], plan.Files.Select(file => file.RemotePath));
        Assert.Equal((8, 3, 0), (plan.Bytes, plan.Skipped, plan.Unchanged));
        Assert.Equal("top/shut", Assert.Single(plan.Failures).Path);
    }

    [Theory]
    [InlineData(FtpMirrorDirection.Download)]
    [InlineData(FtpMirrorDirection.Upload)]
    public async Task An_unreadable_line_is_in_the_plan_and_the_other_entries_are_mirrored(FtpMirrorDirection direction)
    {
        Local("f");
        FtpMirrorPlan plan = await PlanAsync(
            direction, ScriptedPeer.Login("MLST") + "C: MLST top\n" + IsFolder
                + Listing("top", "type=file;size=7;modify=20200102030405; f", "ls: x: Permission denied"));
        FtpEntry line = Assert.Single(plan.UnreadableEntries);
        Assert.Equal(("top", "ls: x: Permission denied"), (line.Path, line.RawLine));
        Assert.Equal("top/f", Assert.Single(plan.Files).RemotePath);
        Assert.Equal((0, 0), (plan.Skipped, plan.Failures.Count));
    }

    [Theory]
    [InlineData("size=3;modify=20200102030405;", "", true)]
    [InlineData("size=4;modify=20200102030405;", "", false)]
    [InlineData("size=3;modify=20200102030406;", "", false)]
    [InlineData("size=3;modify=20200102030406;", "MFMT", false)]
    [InlineData("size=3;", "", true)]
    public async Task Downloads_are_compared_with_local_files_by_size_and_time(string facts, string feature, bool isSame)
    {
        Local("f");
        FtpMirrorPlan plan = await PlanAsync(FtpMirrorDirection.Download,
            ScriptedPeer.Login("MLST", feature) + "C: MLST top\n" + IsFolder + Listing("top", $"type=file;{facts} f"));
        Assert.Equal((isSame ? 0 : 1, isSame ? 1 : 0), (plan.Files.Count, plan.Unchanged));
    }

    [Theory]
    [InlineData("size=3;modify=20200102030405;", "MFMT", true)]
    [InlineData("size=3;modify=20200102030406;", "MFMT", false)]
    [InlineData("size=3;modify=20200102030406;", "MDTM", true)]
    [InlineData("size=3;modify=20200102030404;", "MDTM", false)]
    [InlineData("size=4;modify=20200102030406;", "MDTM", false)]
    public async Task Without_MFMT_a_newer_remote_file_of_the_same_size_is_unchanged(string facts, string feature, bool isSame)
    {
        Local("f");
        FtpMirrorPlan plan = await PlanAsync(FtpMirrorDirection.Upload,
            ScriptedPeer.Login("MLST", feature) + "C: MLST top\n" + IsFolder + Listing("top", $"type=file;{facts} f"));
        Assert.Equal((isSame ? 0 : 1, isSame ? 1 : 0), (plan.Files.Count, plan.Unchanged));
    }

    [Fact]
    public async Task An_endless_tree_fails_at_its_limit()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("MLST") + "C: MLST top\n" + IsFolder + Listing("top", "type=dir; a", "type=file; b")
            + $"{Passive}C: MLSD top/a\nS: 150 go\nD> type=file; c\\r\\n\n? never");
        await using var client = new FtpClient(peer.Options with { MaxConnections = 1, Limits = new FtpLimits { MirrorEntries = 2 } });
        FtpProtocolException e = await Assert.ThrowsAsync<FtpProtocolException>(
            () => client.PlanMirrorAsync(_folder.FullName, "top", FtpMirrorDirection.Download, Token));
        Assert.Contains("more than 2 entries", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_block_mode_many_listings_are_requested_before_the_first_reply()
    {
        FtpMirrorPlan plan = await PlanAsync(
            FtpMirrorDirection.Download,
            ScriptedPeer.Login("MLST", "MODE B") + "C: MLST top\n" + IsFolder + Blocks + "C: MLSD top\nS: 150 go\n"
                + Block("type=dir;unique=2; a", "type=dir;unique=3; b", "type=dir;unique=4; c", "type=file;size=3; f") + "S: 250 done\n"
                + "C: MLSD top/a\nC: MLSD top/b\nC: MLSD top/c\n"
                + "S: 125 go\n" + Block("type=file;size=5; g", "type=dir;unique=5; d") + "S: 250 done\n"
                + "S: 125 go\nB>\nS: 250 done\n"
                + "S: 125 go\n" + Block("type=dir;unique=1; circle", "what") + "S: 250 done\n"
                + "C: MLSD top/a/d\nS: 125 go\nB> type=file;size=7; h\nS: 250 done\nC: MODE S\nS: 200 stream\n");
        Assert.Equal(["a", "b", "c", "d"], plan.Directories.Select(folder => Path.GetFileName(folder)));
        Assert.Equal(["top/a/d/h", "top/a/g", "top/f"], plan.Files.Select(file => file.RemotePath));
        Assert.Equal((15, 1, 0), (plan.Bytes, plan.Skipped, plan.Unchanged));
        Assert.Equal(("top/c", "what"), Assert.Single(plan.UnreadableEntries) is var line ? (line.Path, line.RawLine) : default);
        Assert.Empty(plan.Failures);
    }

    [Fact]
    public async Task A_directory_whose_listing_fails_in_block_mode_is_listed_separately()
    {
        FtpMirrorPlan plan = await PlanAsync(
            FtpMirrorDirection.Download,
            ScriptedPeer.Login("MLST", "MODE B") + "C: MLST top\n" + IsFolder + Blocks
                + "C: MLSD top\nS: 150 go\n" + Block("type=dir; a", "type=dir; shut") + "S: 250 done\n"
                + "C: MLSD top/a\nC: MLSD top/shut\nS: 125 go\nB> type=file;size=1; f\nS: 250 done\nS: 550 permission denied\n"
                + "C: MODE S\nS: 200 stream\n" + $"{Passive}C: MLSD top/shut\nS: 550 permission denied\n");
        Assert.Equal("top/a/f", Assert.Single(plan.Files).RemotePath);
        Assert.Equal("top/shut", Assert.Single(plan.Failures).Path);
    }

    [Theory]
    [InlineData("S: 125 go\nD> broken\nX")]
    [InlineData("S: 125 go\nD.\n")]
    [InlineData("S: 426 broken\n")]
    [InlineData("X!")]
    public async Task After_a_failed_connection_the_remaining_directories_are_listed_separately(string failure)
    {
        FtpMirrorPlan plan = await PlanAsync(
            FtpMirrorDirection.Download,
            ScriptedPeer.Login("MLST", "MODE B") + "C: MLST top\n" + IsFolder + Blocks
                + "C: MLSD top\nS: 150 go\n" + Block("type=dir; a", "type=dir; b", "type=file;size=1; f") + "S: 250 done\n"
                + "C: MLSD top/a\nC: MLSD top/b\n" + failure,
            ScriptedPeer.Login("MLST", "MODE B") + Listing("top/a", "type=file;size=1; g") + Listing("top/b", "type=file;size=1; h"));
        Assert.Equal(["top/a/g", "top/b/h", "top/f"], plan.Files.Select(file => file.RemotePath));
        Assert.Empty(plan.Failures);
    }

    [Fact]
    public async Task An_endless_tree_fails_at_its_limit_in_block_mode()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST", "MODE B") + "C: MLST top\n" + IsFolder + Blocks
                + "C: MLSD top\nS: 150 go\n" + Block("type=dir; a", "type=file; b") + "S: 250 done\n"
                + "C: MLSD top/a\nS: 125 go\nD> \\x00\\x00\\x0etype=file; c\\r\\n\n? never");
        await using var client = new FtpClient(peer.Options with { MaxConnections = 1, Limits = new FtpLimits { MirrorEntries = 2 } });
        FtpProtocolException e = await Assert.ThrowsAsync<FtpProtocolException>(
            () => client.PlanMirrorAsync(_folder.FullName, "top", FtpMirrorDirection.Download, Token));
        Assert.Contains("more than 2 entries", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upload_lists_only_directories_that_the_server_has()
    {
        _folder.CreateSubdirectory("new").CreateSubdirectory("deep");
        _folder.CreateSubdirectory("old");
        Local(Path.Combine("new", "deep", "f"));
        Local(Path.Combine("old", "g"));
        FtpMirrorPlan plan = await PlanAsync(
            FtpMirrorDirection.Upload,
            ScriptedPeer.Login("MLST", "MODE B") + "C: MLST top\n" + IsFolder + Blocks
                + "C: MLSD top\nS: 150 go\nB> type=dir; old\nS: 250 done\nC: MLSD top/old\nS: 125 go\nB>\nS: 250 done\n"
                + "C: MODE S\nS: 200 stream\n");
        Assert.Equal(["top/new", "top/new/deep"], plan.Directories);
        Assert.Equal(["top/new/deep/f", "top/old/g"], plan.Files.Select(file => file.RemotePath));
    }

    [Theory]
    [InlineData("S: 550 no\n")]
    [InlineData("S: 250-facts\nS:  type=file;size=1; top/shut\nS: 250 end\n")]
    public async Task With_block_mode_missing_directories_are_created_together_and_a_rejected_one_is_checked(string shut)
    {
        foreach (string name in (string[])["a", "b", "shut"])
        {
            _folder.CreateSubdirectory(name);
        }

        Local(Path.Combine("shut", "g"));
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST", "MODE B") + "C: MLST top\nS: 550 no\n"
                + "C: MKD top\nC: MKD top/a\nC: MKD top/b\nC: MKD top/shut\n"
                + "S: 257 \"top\"\nS: 257 \"top/a\"\nS: 550 exists\nS: 550 no\n"
                + "C: MKD top/b\nS: 550 exists\nC: MLST top/b\n" + IsFolder
                + "C: MKD top/shut\nS: 550 no\nC: MLST top/shut\n" + shut);
        FtpMirrorResult result;
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            FtpMirrorPlan plan = await client.PlanMirrorAsync(_folder.FullName, "top", FtpMirrorDirection.Upload, Token);
            result = await client.MirrorAsync(plan, null, null, Token);
        }

        await peer.WaitForScriptsAsync();
        FtpMirrorFailure failure = Assert.Single(result.Failures);
        Assert.Equal("top/shut", failure.Path);
        Assert.Same(failure.Exception, Assert.Single(result.Files).Exception);
    }

    [Fact]
    public async Task If_no_connection_can_be_opened_each_missing_directory_is_a_failure()
    {
        _folder.CreateSubdirectory("a");
        Local(Path.Combine("a", "g"));
        var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST", "MODE B") + "C: MLST top\nS: 550 no\nX\n");
        FtpMirrorResult result;
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            FtpMirrorPlan plan = await client.PlanMirrorAsync(_folder.FullName, "top", FtpMirrorDirection.Upload, Token);
            await peer.WaitForScriptsAsync();
            await peer.DisposeAsync();
            result = await client.MirrorAsync(plan, null, null, Token);
        }

        Assert.Equal(["top", "top/a"], result.Failures.Select(failure => failure.Path));
        Assert.All(result.Failures, failure => Assert.IsType<FtpConnectionException>(failure.Exception));
        Assert.Same(result.Failures[1].Exception, Assert.Single(result.Files).Exception);
    }

    [Fact]
    public async Task A_data_connection_with_another_certificate_in_block_mode_causes_no_second_login()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\nC: USER anonymous\nS: 230 in\nC: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 ok\n"
                + "C: FEAT\nS: 211-Features\nS:  MLST\nS:  MODE B\nS: 211 End\nC: TYPE I\nS: 200 binary\n" + Blocks
                + "C: MLSD\nS: 150 go\nD TLS other\n");
        int logins = 0;
        await using var client = new FtpClient(peer.Options with
        {
            Tls = FtpTlsMode.Required,
            MaxConnections = 1,
            Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) },
            Trace = trace => logins += trace.Line == "USER anonymous" ? 1 : 0,
        });
        var e = await Assert.ThrowsAsync<FtpTlsException>(
            () => client.PlanMirrorAsync(_folder.FullName, "", FtpMirrorDirection.Download, Token));
        Assert.Equal((FtpTlsFailure.UntrustedServerCertificate, 1), (e.Failure, logins));
    }

    [Fact]
    public async Task A_missing_directory_that_the_server_lists_as_empty_is_an_error()
    {
        string nothing = "S: 150 go\nD.\nS: 226 done\n";
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE")
            + $"C: PWD\nS: 257 \"/\"\nC: CWD in/top\nS: 550 no\nC: SIZE in/top\nS: 550 no\nC: SYST\nS: 215 Windows_NT\n{Passive}C: LIST in\n{nothing}C: CWD in\nS: 550 no\n"
            + $"C: CWD in/top\nS: 550 no\n{Passive}C: LIST in/top\n{nothing}C: CWD in/top\nS: 550 no\n");
        await using var client = new FtpClient(peer.Options with { MaxConnections = 1 });
        FtpReplyException e = await Assert.ThrowsAsync<FtpReplyException>(
            () => client.PlanMirrorAsync(_folder.FullName, "in/top", FtpMirrorDirection.Download, Token));
        Assert.Equal("CWD in/top", e.Command);
    }

    [Fact]
    public async Task Missing_directories_are_created_parents_first_and_files_without_a_directory_fail_without_an_attempt()
    {
        Local("f");
        _folder.CreateSubdirectory("shut");
        Local(Path.Combine("shut", "g"));
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST") + "C: MLST x/top\nS: 550 no\nC: MLST x\nS: 550 no\n"
                + "C: MKD x\nS: 257 \"x\"\nC: MKD x/top\nS: 257 \"x/top\"\nC: MKD x/top/shut\nS: 550 no\nC: MLST x/top/shut\nS: 550 no\n"
                + $"{Passive}C: STOR x/top/f\nS: 150 go\nD< abc\nS: 226 done\n"
                + "C: MLST x/top/f\nS: 250-Listing\nS:  type=file;size=3; x/top/f\nS: 250 End\n");
        FtpMirrorResult result;
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            FtpMirrorPlan plan = await client.PlanMirrorAsync(_folder.FullName, "x/top", FtpMirrorDirection.Upload, Token);
            Assert.Equal(["x", "x/top", "x/top/shut"], plan.Directories);
            result = await client.MirrorAsync(plan, null, null, Token);
        }

        await peer.WaitForScriptsAsync();
        FtpMirrorFailure failure = Assert.Single(result.Failures);
        Assert.Equal("x/top/shut", failure.Path);
        Assert.Equal([failure.Exception, null], result.Files.Select(file => file.Exception));
    }

    [Fact]
    public async Task A_link_to_an_ancestor_in_a_listing_by_NLST_is_skipped_because_of_PWD()
    {
        FtpMirrorPlan plan = await PlanAsync(
            FtpMirrorDirection.Download,
            ScriptedPeer.Login("REST STREAM") + "C: PWD\nS: 257 \"/\"\n" + Entered("top", "/top")
                + $"C: SYST\nS: 215 Windows_NT\n{Passive}C: LIST top\nS: 502 no\n" + Names("top", "a")
                + Entered("top/a", "/top/a") + Names("top/a", "self") + Entered("top/a/self", "/top/a"));
        Assert.Equal("a", Path.GetFileName(Assert.Single(plan.Directories)));
        Assert.Equal(1, plan.Skipped);
    }

    [Fact]
    public async Task Without_PWD_a_link_to_an_ancestor_is_skipped_when_its_listing_repeats()
    {
        string login = ScriptedPeer.Login("REST STREAM");
        await using var peer = ScriptedPeer.Start(
            login + "C: PWD\nS: 502 no\nC: CWD top\nS: 250 ok\n",
            login + $"C: SYST\nS: 215 Windows_NT\n{Passive}C: LIST top\nS: 502 no\n" + Names("top", "self")
                + "C: CWD top/self\nS: 250 ok\n",
            login + Names("top/self", "self") + "C: CWD top/self\nS: 250 ok\n" + Names("", "self"),
            login + "C: CWD top/self/self\nS: 250 ok\n",
            login + Names("top/self/self", "self") + "C: CWD top/self/self\nS: 250 ok\n" + Names("", "self"),
            login + "C: CWD top/self/self/self\nS: 250 ok\n");
        await using var client = new FtpClient(peer.Options with { MaxConnections = 1 });
        FtpMirrorPlan plan = await client.PlanMirrorAsync(_folder.FullName, "top", FtpMirrorDirection.Download, Token);
        Assert.Equal(["self", "self"], plan.Directories.Select(folder => Path.GetFileName(folder)));
        Assert.Equal(1, plan.Skipped);
    }

    private static string Block(params string[] lines) => $"B> {string.Concat(lines.Select(line => line + "\\r\\n"))}\n";

    private static string Entered(string path, string reported) =>
        $"C: CWD {path}\nS: 250 ok\nC: PWD\nS: 257 \"{reported}\"\nC: CWD /\nS: 250 ok\n";

    private static string Names(string path, string name) =>
        $"{Passive}C: {$"NLST {path}".TrimEnd()}\nS: 150 go\nD> {name}\\r\\n\nD.\nS: 226 done\n";

    private void Local(string name)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, "abc");
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 2, 3, 4, 5, 500, DateTimeKind.Utc));
    }

    private static string Listing(string path, params string[] lines) =>
        $"{Passive}C: MLSD {path}\nS: 150 go\nD> {string.Concat(lines.Select(line => line + "\\r\\n"))}\nD.\nS: 226 done\n";

    private async Task<FtpMirrorPlan> PlanAsync(FtpMirrorDirection direction, params string[] scripts)
    {
        await using var peer = ScriptedPeer.Start(scripts);
        FtpMirrorPlan plan;
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            plan = await client.PlanMirrorAsync(_folder.FullName, "top", direction, Token);
        }

        await peer.WaitForScriptsAsync();
        return plan;
    }
}
