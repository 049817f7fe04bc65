using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Listings;

public sealed class RemoteMetadataTests
{
    private const string NotAFile =
        "C: SIZE /d/a\nS: 550 not a plain file\nC: SYST\nS: 215 Windows_NT\nC: EPSV\nS: 229 ok (|||{port}|)\nC: LIST /d\nS: 150 go\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task PlayAsync(string script, string[] features, Func<FtpClient, Task> act)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(features) + script);
        await using (var client = new FtpClient(peer.Options))
        {
            await act(client);
        }

        await peer.PlayedAsync();
    }

    private static async Task PlayOnConnectionAsync(string script, string[] features, Func<FtpConnection, Task> act)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(features) + script);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            await connection.LoginAsync(Token);
            await act(connection);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public Task One_MLST_command_returns_all_metadata() =>
        PlayAsync("C: MLST /d/a.txt\nS: 250-x\nS:  type=file;size=7; /d/a.txt\nS: 250 End", ["MLST"], async client =>
    {
        FtpEntry? entry = await client.GetEntryAsync("/d/a.txt", Token);
        Assert.Equal(("/d/a.txt", "a.txt", FtpEntryKind.File, 7L), (entry!.Path, entry.Name, entry.Kind, entry.Length!.Value));
    });

    [Fact]
    public Task A_missing_path_is_null() =>
        PlayAsync("C: MLST a\nS: 550 no", ["MLST"], async client => Assert.Null(await client.GetEntryAsync("a", Token)));

    [Theory]
    [InlineData("S: 530 sign in first", typeof(FtpReplyException))]
    [InlineData("S: 450 busy", typeof(FtpReplyException))]
    public Task An_inconclusive_reply_is_an_error_and_not_null(string reply, Type error) =>
        PlayAsync("C: MLST a\n" + reply, ["MLST"], async client =>
        Assert.IsType(error, await Record.ExceptionAsync(() => client.GetEntryAsync("a", Token))));

    [Fact]
    public Task Without_MLST_the_client_sends_SIZE_and_MDTM() =>
        PlayAsync("C: SIZE a\nS: 213 5000000000\nC: MDTM a\nS: 213 20260102030405.5", ["SIZE", "MDTM"], async client =>
    {
        FtpEntry? entry = await client.GetEntryAsync("a", Token);
        Assert.Equal((5_000_000_000L, new DateTimeOffset(2026, 1, 2, 3, 4, 5, 500, TimeSpan.Zero)),
            (entry!.Length!.Value, entry.LastModified!.Value));
    });

    [Theory]
    [InlineData("S: 150 go\nD> drwxr-xr-x 1 o g 0 Jan  1  2020 sub\\r\\n\nD.\nS: 226 done", true)]
    [InlineData("S: 150 go\nD> drwxr-xr-x 1 o g 0 Jan  1  2020 other\\r\\n\nD.\nS: 226 done", false)]
    [InlineData("S: 550 no such folder\nC: PWD\nS: 257 \"/\"\nC: CWD /d\nS: 550 no\nC: CWD /d/sub\nS: 550 no", false)]
    [InlineData("S: 550 not permitted\nC: PWD\nS: 257 \"/\"\nC: CWD /d\nS: 550 no\nC: CWD /d/sub\nS: 250 ok\nC: CWD /\nS: 250 ok", true)]
    public Task Without_MLST_a_directory_is_found_in_the_listing_of_its_parent(string listing, bool found) => PlayAsync(
        "C: SIZE /d/sub\nS: 550 not a plain file\nC: SYST\nS: 215 Windows_NT\nC: EPSV\nS: 229 ok (|||{port}|)\nC: LIST /d\n" + listing,
        ["SIZE"],
        async client => Assert.Equal(found ? FtpEntryKind.Directory : null, (await client.GetEntryAsync("/d/sub", Token))?.Kind));

    [Theory]
    [InlineData("S: 250-x\nS:  type=file;size=7; /d/a\nS: 250 End", true)]
    [InlineData("S: 250-x\nS:  type=dir; /d/a\nS: 250 End", true)]
    [InlineData("S: 550 no such file", false)]
    public async Task A_path_exists_if_MLST_finds_it(string reply, bool exists)
    {
        await PlayAsync("C: MLST /d/a\n" + reply, ["MLST"], async client => Assert.Equal(exists, await client.ExistsAsync("/d/a", Token)));
        await PlayOnConnectionAsync(
            $"C: MLST /d/a\n{reply}\nC: MLST /d/a\n{reply}",
            ["MLST"],
            async connection =>
            {
                Assert.Equal(exists, await connection.ExistsAsync("/d/a", Token));
                Assert.Equal(exists, await connection.GetEntryAsync("/d/a", Token) is not null);
            });
    }

    [Theory]
    [InlineData("C: SIZE /d/a\nS: 213 7\nC: MDTM /d/a\nS: 213 20260102030405", true)]
    [InlineData(NotAFile + "D> drwxr-xr-x 1 o g 0 Jan  1  2020 a\\r\\n\nD.\nS: 226 done", true)]
    [InlineData(NotAFile + "D> drwxr-xr-x 1 o g 0 Jan  1  2020 b\\r\\n\nD.\nS: 226 done", false)]
    public async Task Without_MLST_a_path_exists_if_SIZE_or_the_listing_of_its_parent_finds_it(string script, bool exists)
    {
        await PlayAsync(script, ["SIZE", "MDTM"], async client => Assert.Equal(exists, await client.ExistsAsync("/d/a", Token)));
        await PlayOnConnectionAsync(
            script, ["SIZE", "MDTM"], async connection => Assert.Equal(exists, await connection.ExistsAsync("/d/a", Token)));
    }

    [Fact]
    public Task ExistsAsync_throws_if_the_reply_leaves_open_whether_the_path_exists() =>
        PlayAsync("C: MLST a\nS: 450 busy", ["MLST"], async client =>
    {
        await Assert.ThrowsAsync<FtpReplyException>(() => client.ExistsAsync("a", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.ExistsAsync("", Token));
    });

    [Theory]
    [InlineData("a.txt", "A.TXT;3", FtpEntryKind.File)]
    [InlineData("A.TXT;2", "A.TXT;2", FtpEntryKind.File)]
    [InlineData("sub", "SUB", FtpEntryKind.Directory)]
    [InlineData("a", null, null)]
    public Task On_VMS_a_name_without_version_means_the_newest(string name, string? found, FtpEntryKind? kind) => PlayAsync(
        "C: SYST\nS: 215 VMS\nC: EPSV\nS: 229 ok (|||{port}|)\nC: LIST\nS: 150 go\n"
            + "D> A.TXT;3  1  2-JUL-2025\\r\\nA.TXT;2  1  1-JUL-2025\\r\\nSUB.DIR;1  1  1-JUL-2025\\r\\n\nD.\nS: 226 done",
        ["TVFS"],
        async client =>
        {
            FtpEntry? entry = await client.GetEntryAsync(name, Token);
            Assert.Equal((found, kind), (entry?.Name, entry?.Kind));
        });

    [Theory]
    [InlineData("S: 250 here it is")]
    [InlineData("S: 250-x\nS: rubbish\nS: 250 End")]
    [InlineData("S: 250-x\nS: 250 End")]
    [InlineData("S: 200 ok")]
    public Task An_MLST_reply_without_an_entry_leads_to_SIZE(string reply) =>
        PlayAsync($"C: MLST a\n{reply}\nC: SIZE a\nS: 213 7", ["MLST", "SIZE"], async client =>
        Assert.Equal(7, (await client.GetEntryAsync("a", Token))!.Length));

    [Theory]
    [InlineData("S: 250 type=file;size=7; a")]
    [InlineData("S: 250-type=file;size=7; a\nS: 250 End")]
    [InlineData("S: 250-Listing\nS: 250 type=file;size=7; a")]
    [InlineData("S: 250-Listing\nS: type=file;size=7; a\nS: 250 End")]
    [InlineData("S: 213-Listing\nS:  type=file;size=7; a\nS: 213 End")]
    public Task An_entry_on_another_line_of_an_MLST_reply_is_found(string reply) =>
        PlayAsync($"C: MLST a\n{reply}", ["MLST"], async client =>
        Assert.Equal((FtpEntryKind.File, 7), (await client.GetEntryAsync("a", Token)) is { } entry ? (entry.Kind, entry.Length) : default));

    [Theory]
    [InlineData("213 5", 5)]
    [InlineData("213  5 ", 5)]
    [InlineData("213 5 bytes", 5)]
    [InlineData("213 5 a.txt", 5)]
    [InlineData("250 5", 5)]
    [InlineData("200 5 bytes", 5)]
    [InlineData("213 005", 5)]
    [InlineData("213 -1", null)]
    [InlineData("213 +5", null)]
    [InlineData("213 many", null)]
    [InlineData("213 5.2", null)]
    [InlineData("213 5 KB", null)]
    [InlineData("213 5k", null)]
    [InlineData("213 1,234", null)]
    [InlineData("213 99999999999999999999", null)]
    [InlineData("213 ", null)]
    [InlineData("200 5 users", null)]
    [InlineData("550 no", null)]
    [InlineData("502 no", null)]
    public Task A_size_is_a_number_or_unknown(string reply, int? size) => PlayAsync($"C: SIZE a\nS: {reply}", ["SIZE"], async client =>
        Assert.Equal(size, await client.GetSizeAsync("a", Token)));

    [Theory]
    [InlineData("213 20240102030405", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("250 20240102030405", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213  20240102030405 ", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 20240102030405.", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 20240102030405.25 UTC", "2024-01-02T03:04:05.2500000+00:00")]
    [InlineData("213 20240102030405Z", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 20240102030405 a.txt", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 b20200202020202.zip 20240102030405", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 Modify=20240102030405; a.txt", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 191240102030405", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 191000102030405.5", "2000-01-02T03:04:05.5000000+00:00")]
    [InlineData("213 20240102 030405", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 20240102T030405", "2024-01-02T03:04:05.0000000+00:00")]
    [InlineData("213 20240102030405+0200", null)]
    [InlineData("213 20241302030405", null)]
    [InlineData("213 191241302030405", null)]
    [InlineData("213 2024010203", null)]
    [InlineData("213 1704164645123456", null)]
    [InlineData("213 -20240102030405", null)]
    [InlineData("213 yesterday", null)]
    [InlineData("550 no", null)]
    public Task A_time_is_read_or_unknown(string reply, string? time) => PlayAsync($"C: MDTM a\nS: {reply}", ["MDTM"], async client =>
        Assert.Equal(time, (await client.GetLastModifiedAsync("a", Token))?.ToString("O")));

    [Fact]
    public Task The_time_in_an_MLST_reply_is_parsed_like_that_of_MDTM() =>
        PlayAsync("C: MLST a\nS: 250-x\nS:  type=file;modify=191240102030405; a\nS: 250 End", ["MLST"], async client =>
        Assert.Equal(new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero), (await client.GetEntryAsync("a", Token))!.LastModified));

    [Fact]
    public Task A_negative_reply_that_leaves_open_whether_the_file_exists_is_an_error() =>
        PlayAsync("C: SIZE a\nS: 450 busy\nC: MDTM a\nS: 530 log in", ["SIZE", "MDTM"], async client =>
    {
        await Assert.ThrowsAsync<FtpReplyException>(() => client.GetSizeAsync("a", Token));
        await Assert.ThrowsAsync<FtpReplyException>(() => client.GetLastModifiedAsync("a", Token));
    });

    [Fact]
    public Task A_file_with_an_invalid_size_exists() =>
        PlayAsync("C: SIZE b\nS: 213 -1\nC: MDTM b\nS: 550 no", ["SIZE", "MDTM"], async client =>
        await Assert.ThrowsAsync<FtpTargetExistsException>(() => client.RenameAsync("a", "b", false, Token)));

    [Theory]
    [InlineData("550 /etc/nginx/sites-disabled: No such file or directory")]
    [InlineData("550 sites-disabled: No such file or directory")]
    [InlineData("550 'etc/nginx/sites-disabled' cannot be read")]
    public Task A_path_in_a_550_reply_to_MLST_is_not_about_the_command(string reply) => PlayAsync(
        $"C: MLST etc/nginx/sites-disabled\nS: {reply}\nC: MLST a\nS: 250-x\nS:  type=file;size=3; a\nS: 250 End",
        ["MLST", "SIZE"],
        async client =>
        {
            Assert.Null(await client.GetEntryAsync("etc/nginx/sites-disabled", Token));
            Assert.Equal(3, (await client.GetEntryAsync("a", Token))!.Length);
        });

    [Fact]
    public Task A_550_reply_to_MLST_about_the_command_does_not_end_its_use() => PlayAsync(
        "C: MLST a\nS: 550 MLST is disabled here\nC: SIZE a\nS: 213 5\nC: MDTM a\nS: 550 no\n"
            + "C: MLST b\nS: 250-x\nS:  type=file;size=3; b\nS: 250 End",
        ["MLST", "SIZE", "MDTM"],
        async client =>
        {
            Assert.Equal(5, (await client.GetEntryAsync("a", Token))!.Length);
            Assert.Equal(3, (await client.GetEntryAsync("b", Token))!.Length);
        });

    [Fact]
    public Task The_last_modified_time_is_set_if_the_server_supports_MFMT() =>
        PlayAsync("C: MFMT 20260102030405 a\nS: 213 Modify=20260102030405; a", ["MFMT"], async client =>
        Assert.True(await client.SetLastModifiedAsync("a", new DateTimeOffset(2026, 1, 2, 5, 4, 5, 999, TimeSpan.FromHours(2)), Token)));

    [Fact]
    public Task The_last_modified_time_is_not_set_without_MFMT() =>
        PlayAsync("", ["SIZE"], async client => Assert.False(await client.SetLastModifiedAsync("a", DateTimeOffset.UtcNow, Token)));

    [Fact]
    public Task RenameAsync_checks_the_target_first() => PlayAsync("C: MLST b\nS: 250-x\nS:  type=file; b\nS: 250 End", ["MLST"], async client =>
        Assert.Equal("b", (await Assert.ThrowsAsync<FtpTargetExistsException>(() => client.RenameAsync("a", "b", false, Token))).Path));

    [Fact]
    public Task RenameAsync_sends_RNFR_and_RNTO() =>
        PlayAsync("C: MLST b\nS: 550 none\nC: RNFR a\nS: 350 ready\nC: RNTO b\nS: 250 done", ["MLST"],
        client => client.RenameAsync("a", "b", false, Token));

    [Theory]
    [InlineData("S: 550 none", "RNFR a")]
    [InlineData("S: 250 done already?", "RNFR a")]
    [InlineData("S: 350 ready\nC: RNTO b\nS: 553 no", "RNTO b")]
    public Task The_exception_of_a_rejected_rename_names_the_command(string replies, string command) =>
        PlayAsync("C: RNFR a\n" + replies, [], async client =>
        Assert.Equal(command, (await Assert.ThrowsAsync<FtpReplyException>(() => client.RenameAsync("a", "b", true, Token))).Command));

    [Fact]
    public Task Simple_operations_send_their_commands() => PlayAsync(
        "C: MKD d\nS: 257 \"/d\" made\nC: RMD d\nS: 250 gone\nC: DELE a\nS: 250 gone\n"
            + "C: PWD\nS: 257 \"/home/a\"\"b\" is current\nC: DELE a\nS: 550 none",
        [],
        async client =>
        {
            await client.CreateDirectoryAsync("d", Token);
            await client.DeleteDirectoryAsync("d", Token);
            await client.DeleteFileAsync("a", Token);
            Assert.Equal("/home/a\"b", await client.GetWorkingDirectoryAsync(Token));
            await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteFileAsync("a", Token));
        });

    [Fact]
    public Task A_command_that_changes_the_connection_state_is_rejected() => PlayAsync("C: HELP\nS: 214 none", [], async client =>
    {
        await Assert.ThrowsAsync<ArgumentException>(() => client.SendAsync("cwd", "/tmp", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.DeleteFileAsync("", Token));
        Assert.Equal(FtpReplyCode.Help, (await client.SendAsync("HELP", null, Token)).Code);
    });

    [Theory]
    [InlineData("RANG", "0 99")]
    [InlineData("allo", "5")]
    [InlineData("HOST", "a.example")]
    [InlineData("SITE", "CPFR a")]
    [InlineData("site", " cpfr a")]
    [InlineData("SITE", "UMASK 000")]
    [InlineData("SITE", null)]
    [InlineData("LANG", "de")]
    [InlineData("CLNT", "me")]
    [InlineData("XYZW", null)]
    public Task Only_verbs_that_leave_no_state_are_sent_on_a_pooled_connection(string verb, string? argument) =>
        PlayAsync("C: SITE CHMOD 644 a\nS: 200 done", [], async client =>
        {
            await Assert.ThrowsAsync<ArgumentException>(() => client.SendAsync(verb, argument, Token));
            Assert.True((await client.SendAsync("SITE", "CHMOD 644 a", Token)).IsCompletion);
        });

    [Fact]
    public Task Control_characters_of_a_reply_are_escaped_in_the_message() =>
        PlayAsync("C: DELE a\nS: 550-no\nS: \u001b[2Jgone\nS: 550 end", [], async client =>
        Assert.Equal("DELE a: 550-no\n \\x1b[2Jgone\n550 end",
            (await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteFileAsync("a", Token))).Message));
}
