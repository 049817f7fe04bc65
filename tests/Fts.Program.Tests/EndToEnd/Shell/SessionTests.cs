using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>A user's session from a pipe: what each command does, says and leaves behind.</summary>
public sealed class SessionTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Put_get_and_change_move_files_under_their_names()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        _folder.Write("up.txt", "upwards");
        server.Folder.Write("down.txt", "downwards");
        (int code, string data, string messages) =
            await server.RunClientAsync(_folder, "put up.txt", "get down.txt", "change up.txt new.txt", "bye");
        Assert.Equal(0, code);
        Assert.Empty(data);
        Assert.Contains("uploaded up.txt (7 bytes", messages, StringComparison.Ordinal);
        Assert.Contains("downloaded down.txt (9 bytes", messages, StringComparison.Ordinal);
        Assert.Contains("changed up.txt to new.txt", messages, StringComparison.Ordinal);
        Assert.Equal(["down.txt", "new.txt"], server.Folder.Names);
        Assert.Equal("upwards", server.Folder.Read("new.txt"));
        Assert.Equal("downwards", _folder.Read("down.txt"));
    }

    [Fact]
    public async Task The_end_of_input_is_a_farewell_like_bye()
    {
        await using RunningServer server = await RunningServer.StartAsync("1");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "pwd")).Code);
        await server.Program.WaitForOutputAsync("> QUIT");
    }

    [Fact]
    public async Task Bye_ends_the_session_with_lines_left()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, string data, _) = await server.RunClientAsync(_folder, "bye", "pwd");
        Assert.Equal(0, code);
        Assert.Empty(data);
    }

    [Fact]
    public async Task A_missing_local_file_is_named_as_one_of_this_side_and_leaves_nothing_behind()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, _, string messages) = await server.RunClientAsync(_folder, "put missing.txt", "nlist");
        Assert.Equal(6, code);
        Assert.Contains("put missing.txt: no such local file in ", messages, StringComparison.Ordinal);
        Assert.Empty(server.Folder.Names);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_missing_remote_file_is_named_as_one_of_the_server_and_leaves_nothing_behind()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, string data, string messages) = await server.RunClientAsync(_folder, "get missing.txt", "pwd");
        Assert.Equal(6, code);
        Assert.Contains("get missing.txt: no such file or folder on the server", messages, StringComparison.Ordinal);
        Assert.Contains("server: 550", messages, StringComparison.Ordinal);
        Assert.Equal("/\n", data);
        Assert.Empty(server.Folder.Names);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task A_failed_get_leaves_the_file_that_was_there()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        _folder.Write("a.txt", "mine");
        Assert.Equal(6, (await server.RunClientAsync(_folder, "get --overwrite a.txt")).Code);
        Assert.Equal("mine", _folder.Read("a.txt"));
        Assert.Equal(["a.txt"], _folder.Names);
    }

    [Fact]
    public async Task Change_of_a_missing_file_fails_and_change_onto_a_file_refuses()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        server.Folder.Write("a.txt", "a");
        server.Folder.Write("b.txt", "b");
        Assert.Equal(6, (await server.RunClientAsync(_folder, "change missing.txt c.txt")).Code);
        (int code, _, string messages) = await server.RunClientAsync(_folder, "change a.txt b.txt");
        Assert.NotEqual(0, code);
        Assert.Contains("exists", messages, StringComparison.Ordinal);
        Assert.Equal("b", server.Folder.Read("b.txt"));
        Assert.Equal(["a.txt", "b.txt"], server.Folder.Names);
    }

    [Theory]
    [InlineData("gte a.txt", "unknown command 'gte'; did you mean get?")]
    [InlineData("puut a.txt", "did you mean put?")]
    [InlineData("xyzzy", "help, to list the commands")]
    [InlineData("put", "usage: put LOCAL [REMOTE]")]
    [InlineData("get", "usage: get REMOTE [LOCAL]")]
    [InlineData("change", "usage: change OLD NEW")]
    [InlineData("change one", "usage: change OLD NEW")]
    [InlineData("change one two three", "usage: change OLD NEW")]
    [InlineData("put \"a.txt", "the quote \" is not closed")]
    public async Task A_mistake_is_answered_and_the_session_goes_on(string line, string answer)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, string data, string messages) = await server.RunClientAsync(_folder, line, "pwd");
        Assert.Equal(2, code);
        Assert.Contains(answer, messages, StringComparison.Ordinal);
        Assert.Equal("/\n", data);
    }

    [Fact]
    public async Task Help_lists_the_commands_of_the_client_only()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, string data, string messages) = await server.RunClientAsync(_folder, "help");
        Assert.True(code == 0, messages);
        foreach (string expected in (string[])["put LOCAL [REMOTE]", "get REMOTE [LOCAL]",
            "change OLD NEW", "help [COMMAND]", "help server [VERB]", "bye"])
        {
            Assert.Contains($"\n  {expected}  ", data, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("STOR", data, StringComparison.Ordinal);
        Assert.Contains("usage: put LOCAL [REMOTE]\n", (await server.RunClientAsync(_folder, "help put")).Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_server_prints_the_reply_of_the_server()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, string data, string messages) = await server.RunClientAsync(_folder, "help server");
        Assert.True(code == 0, messages);
        Assert.Contains("STOR", data, StringComparison.Ordinal);
        Assert.DoesNotContain("put FILE…", data, StringComparison.Ordinal);

        (code, data, messages) = await server.RunClientAsync(_folder, "help server STOR");
        Assert.True(code == 0, messages);
        Assert.Contains("STOR", data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_server_fails_if_the_server_has_no_help_for_a_verb()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, _, string messages) = await server.RunClientAsync(_folder, "help server XYZZY");
        Assert.Equal(1, code);
        Assert.Contains("error: help server XYZZY: 127.0.0.1:", messages, StringComparison.Ordinal);
        Assert.Contains(" sent no help\n", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_with_spaces_and_quotes_travel_whole()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string[] names = ["two words.txt", "it's.txt", "say \"hi\".txt", "ünïcödé 文件.txt", "-dash", "#hash"];
        foreach (string name in names)
        {
            _folder.Write(name, name);
        }

        (int code, _, string messages) = await server.RunClientAsync(
            _folder, "mput 'two words.txt' \"it's.txt\"", "put say\\ \\\"hi\\\".txt", "mput \"ünïcödé 文件.txt\" -dash '#hash'",
            "change \"two words.txt\" 'three short words'");
        Assert.True(code == 0, messages);
        Assert.Equal(names.Skip(1).Append("three short words").Order(StringComparer.Ordinal), server.Folder.Names);
    }

    [Fact]
    public async Task A_path_is_put_and_got_under_its_last_component()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        Directory.CreateDirectory(_folder["here"]);
        _folder.Write("here/a.txt", "a");
        Directory.CreateDirectory(server.Folder["there"]);
        server.Folder.Write("there/b.txt", "b");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put here/a.txt", "get there/b.txt")).Code);
        Assert.Equal(["a.txt", "there"], server.Folder.Names);
        Assert.Equal(["b.txt", "here"], _folder.Names);
    }

    [Theory]
    [InlineData("get ..")]
    [InlineData("get there/..")]
    [InlineData("get there/")]
    [InlineData("get /")]
    public async Task A_name_that_cannot_be_a_local_file_name_is_refused(string line)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, _, string messages) = await server.RunClientAsync(_folder, line);
        Assert.Equal(2, code);
        Assert.Contains("cannot be a local file name", messages, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task Several_files_and_patterns_move_in_one_command_and_a_missing_one_does_not_stop_the_others()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        foreach (string name in (string[])["a.txt", "b.txt", "c.log"])
        {
            _folder.Write(name, name);
        }

        (int code, _, _) = await server.RunClientAsync(_folder, "mput *.txt c.log");
        Assert.Equal(0, code);
        Assert.Equal(["a.txt", "b.txt", "c.log"], server.Folder.Names);
        (code, _, string messages) = await server.RunClientAsync(_folder, "!rm a.txt b.txt c.log", "mget missing.txt *.txt");
        Assert.Equal(9, code);
        Assert.Contains("get missing.txt", messages, StringComparison.Ordinal);
        Assert.Equal(["a.txt", "b.txt"], _folder.Names);
    }

    [Fact]
    public async Task Folders_there_and_here_are_walked_made_and_removed()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        Directory.CreateDirectory(_folder["local"]);
        _folder.Write("local/a.txt", "12345");
        (int code, string data, string messages) = await server.RunClientAsync(
            _folder, "mkdir docs", "cd docs", "lcd local", "put a.txt", "pwd", "size a.txt", "cat a.txt", "ls", "mv a.txt b.txt", "nlist",
            "rm b.txt", "cd ..", "rmdir docs", "lpwd", "lls");
        Assert.True(code == 0, messages);
        string[] lines = data.Split('\n');
        Assert.Equal(["/docs", "5"], lines[..2]);
        // cat adds nothing, not even a line end.
        Assert.StartsWith("12345- 5  ", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("  a.txt", lines[2], StringComparison.Ordinal);
        Assert.Equal("b.txt", lines[3]);
        Assert.EndsWith("/local", lines[4], StringComparison.Ordinal);
        Assert.EndsWith("a.txt", lines[5], StringComparison.Ordinal);
        Assert.Empty(server.Folder.Names);
    }

    [Fact]
    public async Task A_file_of_several_megabytes_arrives_whole_both_ways()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        byte[] content = new byte[5_000_003];
        new Random(1).NextBytes(content);
        await File.WriteAllBytesAsync(_folder["big"], content, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put big", "!rm big", "get big")).Code);
        Assert.Equal(content, await File.ReadAllBytesAsync(server.Folder["big"], TestContext.Current.CancellationToken));
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["big"], TestContext.Current.CancellationToken));
    }
}
