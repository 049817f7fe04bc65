using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Connections;

/// <summary>The working directory (CWD, PWD), which applies to every connection of a client.</summary>
public sealed class WorkingDirectoryTests
{
    private const string Start = "C: PWD\nS: 257 \"/home\" is the current folder\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("257 \"/pub/new \"\"old\"\"\" is current", "/pub/new \"old\"")]
    [InlineData("257 /pub/new is current directory", "/pub/new")]
    [InlineData("257 /pub/new", "/pub/new")]
    [InlineData("257 Current directory is \"/pub/new\"", "/pub/new")]
    [InlineData("257 \"QGPL\" is current library.", "QGPL")]
    [InlineData("257 \"'USER.DATA.'\" is working directory", "'USER.DATA.'")]
    [InlineData("257 QGPL", "QGPL")]
    [InlineData("502 no", null)]
    public async Task The_path_is_the_one_that_PWD_reports(string reply, string? path)
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + Start + $"C: CWD new\nS: 250 ok\nC: PWD\nS: {reply}\nC: SIZE a\nS: 213 5\n");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(path, await client.ChangeDirectoryAsync("new", Token));
            Assert.Equal(5, await client.GetSizeAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_rejected_CWD_does_not_change_the_working_directory()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + Start + "C: CWD nope\nS: 550 no\nC: SIZE a\nS: 213 5\n");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(
                "CWD nope", (await Assert.ThrowsAsync<FtpReplyException>(() => client.ChangeDirectoryAsync("nope", Token))).Command);
            Assert.Equal(5, await client.GetSizeAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_connection_whose_PWD_was_cancelled_is_not_used_in_the_wrong_directory()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + Start + "C: CWD new\nS: 250 entered\n", ScriptedPeer.Login("SIZE") + "C: SIZE a\nS: 213 5\n");
        using var source = new CancellationTokenSource();
        FtpClientOptions options = peer.Options with
        {
            MaxConnections = 1,
            Trace = line =>
            {
                if (line.Line == "250 entered")
                {
                    source.Cancel();
                }
            },
        };
        await using (var client = new FtpClient(options))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ChangeDirectoryAsync("new", source.Token));
            Assert.Equal(5, await client.GetSizeAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task CDUP_is_sent_if_the_server_rejects_CWD_with_two_dots()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + Start + "C: CWD ..\nS: 550 no\nC: CDUP\nS: 250 ok\nC: PWD\nS: 257 \"/\"\n");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal("/", await client.ChangeDirectoryAsync("..", Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_new_connection_enters_the_working_directory_before_its_first_use()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + Start
                + "C: CWD QGPL\nS: 250 ok\nC: PWD\nS: 257 \"QGPL\" is current library.\nC: SIZE a\nS: 213 5\nX\n! closed",
            ScriptedPeer.Login("SIZE")
                + "C: CWD QGPL\nS: 250 ok\nC: SIZE a\nS: 213 6\nC: CWD /home\nS: 250 ok\nC: PWD\nS: 257 \"/home\"\nC: SIZE a\nS: 213 7\n");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ChangeDirectoryAsync("QGPL", Token);
            Assert.Equal(5, await client.GetSizeAsync("a", Token));
            await peer.WaitForSignalAsync("closed");
            Assert.Equal(6, await client.GetSizeAsync("a", Token));
            Assert.Equal("/home", await client.ChangeDirectoryAsync("", Token));
            Assert.Equal(7, await client.GetSizeAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Without_PWD_a_new_connection_repeats_the_CWD_commands()
    {
        const string NoPwd = "C: PWD\nS: 502 no\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + NoPwd + $"C: CWD one\nS: 250 ok\n{NoPwd}C: CWD two\nS: 250 ok\n{NoPwd}X\n! closed",
            ScriptedPeer.Login("SIZE") + "C: CWD one\nS: 250 ok\nC: CWD two\nS: 250 ok\nC: SIZE a\nS: 213 6\n",
            ScriptedPeer.Login("SIZE") + $"{NoPwd}C: SIZE a\nS: 213 7\n");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            await client.ChangeDirectoryAsync("one", Token);
            Assert.Null(await client.ChangeDirectoryAsync("two", Token));
            await peer.WaitForSignalAsync("closed");
            Assert.Equal(6, await client.GetSizeAsync("a", Token));
            Assert.Null(await client.ChangeDirectoryAsync("", Token));
            Assert.Equal(7, await client.GetSizeAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task After_the_working_directory_was_deleted_absolute_paths_still_work_on_the_same_connection()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + Start + "C: CWD in\nS: 250 ok\nC: PWD\nS: 257 \"/home/in\"\nX\n! closed",
            ScriptedPeer.Login("SIZE") + "C: CWD /home/in\nS: 550 gone\nC: SIZE /b\nS: 213 5\nC: CWD /home/in\nS: 550 gone\n"
                + "C: CWD /\nS: 250 ok\nC: PWD\nS: 257 \"/\"\nC: SIZE a\nS: 213 6\n");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            await client.ChangeDirectoryAsync("in", Token);
            await peer.WaitForSignalAsync("closed");
            Assert.Equal("CWD /home/in", (await Assert.ThrowsAsync<FtpReplyException>(() => client.GetSizeAsync("a", Token))).Command);
            Assert.Equal(5, await client.GetSizeAsync("/b", Token));
            await Assert.ThrowsAsync<FtpReplyException>(() => client.ChangeDirectoryAsync("x", Token));
            Assert.Equal("/", await client.ChangeDirectoryAsync("/", Token));
            Assert.Equal(6, await client.GetSizeAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 421 idle\nX")]
    [InlineData("X")]
    [InlineData("X!")]
    public async Task An_idle_connection_that_the_server_closes_at_CWD_is_replaced(string end)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + Start + $"C: CWD in\nS: 250 ok\nC: PWD\nS: 257 \"/home/in\"\nC: CWD /home\n{end}",
            ScriptedPeer.Login() + Start);
        // The clock does not advance, so a wait for the end of a connection limit would not end.
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1, TimeProvider = new FakeClock() }))
        {
            await client.ChangeDirectoryAsync("in", Token);
            Assert.Equal("/home", await client.ChangeDirectoryAsync("", Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_batch_keeps_the_working_directory_in_which_it_started()
    {
        static string Stored(string name, string gate) =>
            $"C: TYPE A\nS: 200 ok\nC: EPSV\nS: 229 ok (|||{{port}}|)\nC: STOR {name}\nS: 150 go\nD< x\\r\\n\n{gate}S: 226 done\n"
            + "C: TYPE I\nS: 200 ok\n";
        string source = Path.GetTempFileName();
        await File.WriteAllTextAsync(source, "x\n", Token);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + Stored("a", "! began\n? entering\n") + Start
                + "C: CWD in\nS: 250 ok\nC: PWD\nS: 257 \"/home/in\"\nC: CWD /home\nS: 250 ok\n" + Stored("b", ""));
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            Task<IReadOnlyList<FtpBatchResult>> batch = client.UploadManyAsync(
                [new FtpBatchFile(source, "a"),
                    new FtpBatchFile(source, "b")], new FtpTransferOptions { Type = FtpTransferType.Ascii }, null, Token);
            await peer.WaitForSignalAsync("began");
            Task<string?> entering = client.ChangeDirectoryAsync("in", Token);
            peer.OpenGate("entering");
            Assert.Equal("/home/in", await entering);
            Assert.All(await batch, result => Assert.Null(result.Exception));
        }

        await peer.PlayedAsync();
        File.Delete(source);
    }

    [Fact]
    public async Task A_listing_reports_that_the_working_directory_was_deleted()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + Start + "C: CWD in\nS: 250 ok\nC: PWD\nS: 257 \"/home/in\"\nC: SYST\nS: 215 Windows_NT\n"
                + "C: EPSV\nS: 229 ok (|||{port}|)\nC: LIST\nS: 550 No such directory\nC: CWD /home/in\nS: 550 gone\n");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ChangeDirectoryAsync("in", Token);
            var e = await Assert.ThrowsAsync<FtpReplyException>(() => client.ListAsync("", Token).CountAsync(Token).AsTask());
            Assert.Equal("No such directory", e.Reply.Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_listing_after_CWD_returns_to_the_working_directory()
    {
        const string Epsv = "C: EPSV\nS: 229 ok (|||{port}|)\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + Start + "C: CWD in\nS: 250 ok\nC: PWD\nS: 257 \"/home/in\"\nC: SYST\nS: 215 Windows_NT\n"
                + $"{Epsv}C: LIST x\nS: 550 no\nC: CWD x\nS: 250 ok\n"
                + $"{Epsv}C: LIST\nS: 150 go\nD> 01-02-20  03:04AM  5 b.txt\\r\\n\nD.\nS: 226 done\n"
                + "C: CWD /home/in\nS: 250 ok\nC: SIZE a\nS: 213 5\n");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ChangeDirectoryAsync("in", Token);
            Assert.Equal("x/b.txt", Assert.Single(await client.ListAsync("x", Token).ToListAsync(Token)).Path);
            Assert.Equal(5, await client.GetSizeAsync("a", Token));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: RNFR a\nS: 350 ready\nC: RNTO in/b\nS: 250 done\n", "")]
    [InlineData("C: EPSV\nS: 229 ok (|||{port}|)\nC: STOR in/b\nS: 150 go\nD< abc\nS: 226 done\nC: SIZE in/b\nS: 213 3\n", "binary")]
    [InlineData("C: TYPE A\nS: 200 ok\nC: EPSV\nS: 229 ok (|||{port}|)\nC: STOR in/b\nS: 150 go\nD< abc\nS: 226 done\nC: TYPE I\nS: 200 ok\n", "text")]
    public async Task Without_PWD_a_target_lookup_with_CWD_moves_the_command_to_another_connection(string commands, string upload)
    {
        const string Epsv = "C: EPSV\nS: 229 ok (|||{port}|)\n";
        string login = ScriptedPeer.Login("SIZE");
        await using var peer = ScriptedPeer.Start(
            login + $"C: SIZE in/b\nS: 550 no\nC: SYST\nS: 215 Windows_NT\n{Epsv}C: LIST in\nS: 501 no\nC: PWD\nS: 502 no\nC: CWD in\nS: 250 ok\n"
                + $"{Epsv}C: LIST\nS: 150 go\nD> 01-02-20  03:04AM  5 c.txt\\r\\n\nD.\nS: 226 done\n",
            login + commands);
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 1 }))
        {
            using var source = new MemoryStream("abc"u8.ToArray());
            var options = new FtpTransferOptions { Overwrite = false, PreserveLastModified = false, Type = upload == "text"
                ? FtpTransferType.Ascii : FtpTransferType.Binary };
            await (upload.Length == 0 ? client.RenameAsync("a", "in/b", false, Token)
                : client.UploadAsync(source, "in/b", options, null, Token));
        }

        await peer.PlayedAsync();
    }
}
