using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Listings;

/// <summary>Listings of servers without MLSD, or with an MLSD or LIST that violates the RFCs.</summary>
public sealed class ListingFallbackTests
{
    private const string Epsv = "C: EPSV\nS: 229 ok (|||{port}|)\n";
    private const string Unix = "C: SYST\nS: 215 UNIX Type: L8\n";
    private const string Pwd = "C: PWD\nS: 257 \"/\" is the current folder\n";
    private const string Nothing = "S: 150 go\nD.\nS: 226 done\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LIST_asks_for_names_that_begin_with_a_dot() => Assert.Equal(
        [".htaccess", "a"],
        await NamesAsync(Unix + ListingScript("LIST -a", Folder("."), Folder(".."), File(".htaccess"), File("a")), ""));

    [Fact]
    public async Task After_LIST_with_the_option_worked_once_a_negative_reply_is_about_the_directory() => Assert.Equal(
        ["a", "Permission denied"],
        await NamesAsync(
            Unix + ListingScript("LIST -a", File("a"))
            + $"{Epsv}C: LIST -a shut\nS: 550 Permission denied.\n{Pwd}C: CWD shut\nS: 550 Permission denied.\n", "", "shut"));

    [Theory]
    [InlineData("S: 504 no such parameter\n")]
    [InlineData("S: 501 Invalid number of arguments\n")]
    [InlineData("S: 550 -a: no such file or directory\n")]
    [InlineData("S: 450 No files found\n")]
    [InlineData("S: 150 go\nD.\nS: 226 done\n")]
    [InlineData("S: 150 go\nD.\nS: 550 -a not found\n")]
    [InlineData("S: 150 go\nD> ls: -a: No such file or directory\\r\\n\nD.\nS: 226 done\n")]
    [InlineData("S: 150 go\nD> -rw-r--r-- 1 o g 3 Jan  2  2020 -a\\r\\n\nD.\nS: 226 done\n")]
    public async Task After_a_rejected_option_LIST_is_sent_without_it(string refusal) => Assert.Equal(
        ["a", "a"],
        await NamesAsync($"{Unix}{Epsv}C: LIST -a\n{refusal}" + ListingScript("LIST", File("a")) + ListingScript("LIST", File("a")), "", ""));

    [Theory]
    [InlineData("Windows_NT")]
    [InlineData("VMS OpenVMS V9.2-1 on node FAKE42")]
    [InlineData("MVS is the operating system of this server. FTP Server is running on z/OS.")]
    [InlineData(" OS/400 is the remote operating system. The TCP/IP version is \"V7R5M0\".")]
    public async Task LIST_has_no_option_on_systems_without_options(string system) =>
        Assert.Equal(["a"], await NamesAsync($"C: SYST\nS: 215 {system}\n" + ListingScript("LIST", File("a")), ""));

    [Theory]
    [InlineData("550 No files found.")]
    [InlineData("450 No files found")]
    [InlineData("450 No members found")]
    [InlineData("550 The directory is empty.")]
    public async Task A_negative_reply_may_mean_an_empty_directory(string reply) => Assert.Empty(
        await NamesAsync($"C: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST\nS: {reply}\n", ""));

    [Theory]
    [InlineData("550 No such file or directory")]
    [InlineData("450 File not found")]
    [InlineData("550 The system cannot find the file specified.")]
    [InlineData("550 The path does not exist")]
    public async Task The_working_directory_is_empty_only_if_it_can_be_entered(string reply)
    {
        string refused = $"C: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST\nS: {reply}\nC: CWD .\n";
        Assert.Empty(await NamesAsync(refused + "S: 250 ok\n", ""));
        Assert.Empty(await NamesAsync(refused + "S: 502 no\n", ""));
        Assert.Equal([reply[4..]], await NamesAsync(refused + "S: 550 gone\n", ""));
    }

    [Theory]
    [InlineData("550 No files found.")]
    [InlineData("550 x: No such file or directory")]
    public async Task CWD_distinguishes_an_empty_directory_from_a_missing_one(string reply)
    {
        string refused = $"C: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST x\nS: {reply}\n{Pwd}C: CWD x\n";
        Assert.Empty(await NamesAsync($"{refused}S: 250 ok\n{Epsv}C: LIST\nS: {reply}\nC: CWD /\nS: 250 ok\n", "x"));
        Assert.Equal([reply[4..]], await NamesAsync($"{refused}S: 550 not there\n", "x"));
    }

    [Fact]
    public async Task A_listing_confirmed_without_a_data_connection_is_empty() => Assert.Empty(
        await NamesAsync($"C: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST\nS: 226 Transfer complete.\n", ""));

    [Theory]
    [InlineData("550 MLSD is not supported")]
    [InlineData("500 unknown command")]
    [InlineData("502 no")]
    [InlineData("501 Command not implemented")]
    public async Task After_a_rejected_MLSD_only_LIST_is_sent(string reply) => Assert.Equal(
        ["a", "a"],
        await NamesAsync(["MLST size*;"],
            $"{Epsv}C: MLSD\nS: {reply}\nC: SYST\nS: 215 Windows_NT\n"
                + ListingScript("LIST", File("a")) + ListingScript("LIST", File("a")),
            "", ""));

    [Fact]
    public async Task MLSD_is_still_used_after_it_was_rejected_for_one_directory() => Assert.Equal(
        ["Permission denied", "a"],
        await NamesAsync(
            ["MLST size*;"],
        $"{Epsv}C: MLSD x\nS: 550 Permission denied\n{Epsv}C: MLSD\nS: 150 go\nD> type=file;size=3; a\\r\\n\nD.\nS: 226 done\n", "x", ""));

    [Theory]
    [InlineData("550 /srv/sites-disabled: Permission denied", "/srv/sites-disabled: Permission denied")]
    [InlineData("550 sites-disabled: Permission denied", "sites-disabled: Permission denied")]
    public async Task MLSD_is_still_used_after_a_directory_whose_name_looks_like_a_reply(string reply, string text) => Assert.Equal(
        [text, "a"],
        await NamesAsync(
            ["MLST size*;"],
        $"{Epsv}C: MLSD sites-disabled\nS: {reply}\n{Epsv}C: MLSD\nS: 150 go\nD> type=file;size=3; a\\r\\n\nD.\nS: 226 done\n",
        "sites-disabled", ""));

    [Fact]
    public async Task Without_LIST_only_NLST_is_sent()
    {
        string names = ListingScript("NLST in", "in/a\\r\\n", "in/b c\\r\\n");
        Assert.Equal(["a", "b c", "a", "b c"],
            await NamesAsync($"C: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST in\nS: 502 LIST not implemented\n{names}{names}", "in", "in"));
    }

    [Theory]
    [InlineData("550 LIST not allowed")]
    [InlineData("504 LIST is off")]
    [InlineData("501 no")]
    [InlineData("553 no")]
    public async Task A_directory_for_which_LIST_fails_is_listed_with_NLST(string reply)
    {
        string refused = $"{Epsv}C: LIST\nS: {reply}\n";
        Assert.Equal(["a", "b c"], await NamesAsync($"C: SYST\nS: 215 Windows_NT\n{refused}" + ListingScript("NLST", "a\\r\\n", "b c\\r\\n"), ""));
        Assert.Equal([reply[4..]], await NamesAsync($"C: SYST\nS: 215 Windows_NT\n{refused}{Epsv}C: NLST\nS: 550 NLST not allowed\n", ""));
        Assert.Equal([reply[4..]], await NamesAsync($"C: SYST\nS: 215 Windows_NT\n{refused}{Epsv}C: NLST\n{Nothing}", ""));
        Assert.Equal(
            ["a"],
            await NamesAsync(
                $"C: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST in\nS: {reply}\n{Pwd}C: CWD in\nS: 250 ok\n{refused}"
                    + "C: CWD /\nS: 250 ok\nC: CWD in\nS: 250 ok\n" + ListingScript("NLST", "a\\r\\n")
                    + "C: CWD /\nS: 250 ok\n",
                "in"));
    }

    [Theory]
    [InlineData(Epsv + "C: NLST\n" + Nothing)]
    [InlineData("C: EPSV\nS: 451 not now\nC: PASV\nS: 451 not now\n")]
    public async Task After_a_failed_listing_in_a_directory_a_file_is_found_in_the_working_directory(string names)
    {
        const string Refused = Epsv + "C: LIST in\nS: 501 no\n" + Pwd + "C: CWD in\nS: 250 ok\n" + Epsv
            + "C: LIST\nS: 501 no\nC: CWD /\nS: 250 ok\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("REST STREAM") + "C: SYST\nS: 215 Windows_NT\n" + Refused + "C: CWD in\nS: 250 ok\n" + names
                + "C: CWD /\nS: 250 ok\nC: CWD in/a\nS: 250 ok\nC: CWD /\nS: 250 ok\n");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            Assert.Equal(Fts.Protocol.FtpEntryKind.Directory, (await client.GetEntryAsync("in/a", Token))!.Kind);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task An_entered_directory_is_empty_if_the_reply_reports_no_files()
    {
        const string Reply = "S: 550 No files found or invalid directory or permission problem\n";
        Assert.Empty(
            await NamesAsync(
            $"C: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST x\n{Reply}{Pwd}C: CWD x\nS: 250 ok\n{Epsv}C: LIST\n{Reply}C: CWD /\nS: 250 ok\n",
            "x"));
    }

    [Fact]
    public async Task A_path_that_LIST_rejects_is_entered_and_the_connection_returns() => Assert.Equal(
        ["a", "b"],
        await NamesAsync(
            Unix + $"{Epsv}C: LIST -a x\nS: 501 no arguments, please\n{Epsv}C: LIST x\nS: 501 no arguments, please\n"
                + $"{Pwd}C: CWD x\nS: 250 ok\n" + ListingScript("LIST -a", File("a"))
                + "C: CWD /\nS: 250 ok\nC: CWD y\nS: 250 ok\n" + ListingScript("LIST -a", File("b")) + "C: CWD /\nS: 250 ok\n",
            "x",
            "y"));

    [Fact]
    public async Task A_name_with_a_space_that_LIST_splits_is_entered() => Assert.Equal(
        ["a"],
        await NamesAsync(
            Unix + $"{Epsv}C: LIST -a my files\n{Nothing}{Epsv}C: LIST my files\n{Nothing}{Pwd}C: CWD my files\nS: 250 ok\n"
                + ListingScript("LIST -a", File("a")) + "C: CWD /\nS: 250 ok\n",
            "my files"));

    [Fact]
    public async Task A_LIST_that_ignores_its_path_is_detected_by_equal_listings() => Assert.Equal(
        ["sub", "b", "c"],
        await NamesAsync(
            Unix + ListingScript("LIST -a", Folder("sub")) + ListingScript("LIST -a sub", Folder("sub")) + Pwd + "C: CWD sub\nS: 250 ok\n"
                + ListingScript("LIST -a", File("b"))
                + "C: CWD /\nS: 250 ok\nC: CWD other\nS: 250 ok\n" + ListingScript("LIST -a", File("c")) + "C: CWD /\nS: 250 ok\n",
            "",
            "sub",
            "other"));

    [Fact]
    public async Task A_directory_inside_a_directory_of_the_same_name_is_listed_by_its_path() => Assert.Equal(
        ["sub", "sub", "d"],
        await NamesAsync(
            Unix + ListingScript("LIST -a sub", Folder("sub")) + Pwd + "C: CWD sub\nS: 250 ok\n" + ListingScript("LIST -a", Folder("sub"))
                + "C: CWD /\nS: 250 ok\n"
                + ListingScript("LIST -a x", File("sub")) + ListingScript("LIST -a y", File("d")),
            "sub",
            "x",
            "y"));

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_sent_back_unchanged()
    {
        // 0xFF is doubled for Telnet (RFC 854).
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + Unix + ListingScript("LIST -a", "-rw-r--r-- 1 o g 3 Jan  2  2020 caf\u00e9\u00ff.txt\\r\\n")
                + "C: DELE caf\u00e9\u00ff\u00ff.txt\nS: 250 gone\n");
        await using (var client = new FtpClient(peer.Options))
        {
            FtpEntry entry = Assert.Single(await client.ListAsync("", Token).ToListAsync(Token));
            Assert.Equal(("caf\udce9\udcff.txt", "caf\u00e9\u00ff.txt", true), (entry.Name, entry.LocalName, entry.IsSafeName));
            await client.DeleteFileAsync(entry.Path, Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Another_encoding_is_used_in_both_directions_and_UTF8_is_not_enabled()
    {
        System.Text.Encoding.RegisterProvider(System.Text.CodePagesEncodingProvider.Instance);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("UTF8") + Unix + ListingScript("LIST -a", "-rw-r--r-- 1 o g 3 Jan  2  2020 \u00ce\u00c4\u00bc\u00fe.txt\\r\\n")
                + "C: DELE \u00ce\u00c4\u00bc\u00fe.txt\nS: 250 gone\n");
        await using (var client = new FtpClient(peer.Options with { Encoding = System.Text.Encoding.GetEncoding("gbk") }))
        {
            FtpEntry entry = Assert.Single(await client.ListAsync("", Token).ToListAsync(Token));
            Assert.Equal("\u6587\u4ef6.txt", entry.Name);
            await client.DeleteFileAsync("\u6587\u4ef6.txt", Token);
            ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => client.DeleteFileAsync("\U0001f600.txt", Token));
            Assert.Contains("encoding gb2312 lacks", e.Message, StringComparison.Ordinal);
        }

        await peer.PlayedAsync();
    }

    private static string Folder(string name) => $"drwxr-xr-x 2 o g 4096 Jan  2  2020 {name}\\r\\n";

    private static string File(string name) => $"-rw-r--r-- 1 o g 3 Jan  2  2020 {name}\\r\\n";

    private static string ListingScript(string command, params string[] lines) =>
        $"{Epsv}C: {command}\nS: 150 go\nD> {string.Concat(lines)}\nD.\nS: 226 done\n";

    private static Task<List<string>> NamesAsync(string script, params string[] paths) => NamesAsync([], script, paths);

    /// <summary>Returns the names of each listing, or the text of the negative reply.</summary>
    private static async Task<List<string>> NamesAsync(string[] features, string script, params string[] paths)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(features) + script);
        var names = new List<string>();
        await using (
            var client = new FtpClient(
            peer.Options with { MaxConnections = 1, Timeouts = peer.Options.Timeouts with { Resync = TimeSpan.FromSeconds(1) } }))
        {
            foreach (string path in paths)
            {
                try
                {
                    await foreach (FtpEntry entry in client.ListAsync(path, Token))
                    {
                        names.Add(entry.Name);
                    }
                }
                catch (FtpReplyException e)
                {
                    names.Add(e.Reply.Text.TrimEnd('.') is "Permission denied" ? "Permission denied" : e.Reply.Text);
                }
            }
        }

        await peer.PlayedAsync();
        return names;
    }
}
