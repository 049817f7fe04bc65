using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of the client on a pseudo-terminal, with keys and the screen as bytes.</summary>
public sealed class TerminalTests : IAsyncLifetime
{
    private const string CtrlC = "\x03", CtrlD = "\x04", UpArrow = "\e[A", LeftArrow = "\e[D", Return = "\r";

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_prompt_accepts_commands_until_bye()
    {
        _folder.Write("a.txt", "abc");
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("put a.txt" + Return);
        await client.WaitForOutputAsync("uploaded a.txt (3 bytes");
        client.WriteInput("bye" + Return);
        Assert.Equal(0, await client.WaitForExitAsync());
        Assert.Equal(["a.txt"], _server.Folder.Names);
    }

    [Fact]
    public async Task Ctrl_d_leaves_with_0_even_after_failed_commands()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("get missing" + Return);
        await client.WaitForOutputAsync("no such file or folder on the server");
        await client.WaitForOutputAsync("fts> ", times: 2);
        client.WriteInput(CtrlD);
        Assert.Equal(0, await client.WaitForExitAsync());
    }

    [Fact]
    public async Task Ctrl_c_clears_the_line_and_keeps_the_session()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("rubbish" + CtrlC);
        await client.WaitForOutputAsync("rubbish^C\r\n");
        client.WriteInput(CtrlC + CtrlC + "pwd" + Return);
        await client.WaitForOutputAsync("\n/\r\n");
        Assert.DoesNotContain("unknown command", client.Data, StringComparison.Ordinal);
        client.WriteInput("bye" + Return);
        Assert.Equal(0, await client.WaitForExitAsync());
    }

    [Fact]
    public async Task Ctrl_c_at_a_question_answers_no_and_stops_the_command()
    {
        _folder.Write("a.txt", "mine");
        _folder.Write("b.txt", "mine");
        _server.Folder.Write("a.txt", "theirs");
        _server.Folder.Write("b.txt", "theirs");
        await using RunningProgram client = await ConnectAsync();
        foreach ((string command, int times) in ((string, int)[])[("get a.txt", 1), ("mget a.txt b.txt", 2)])
        {
            client.WriteInput(command + Return);
            await client.WaitForOutputAsync("Replace it? [yes/No/all/none/newer/resume/quit] ", times);
            client.WriteInput(CtrlC);
            await client.WaitForOutputAsync("Replace it? [yes/No/all/none/newer/resume/quit] ^C\r\n", times);
            await client.WaitForOutputAsync("get a.txt: stopped; a.txt was not changed", times);
        }

        client.WriteInput("bye" + Return);
        Assert.Equal(0, await client.WaitForExitAsync());
        Assert.DoesNotContain("b.txt already exists", client.Data, StringComparison.Ordinal);
        Assert.Equal("mine", _folder.Read("a.txt"));
    }

    [Fact]
    public async Task A_second_ctrl_c_disconnects_and_the_next_command_connects_again()
    {
        const int stop = 19, resume = 18;
        _folder.Write("a.txt", new string('x', 1_000_000));
        await using RunningProgram client = await ConnectAsync();
        _server.Program.SendSignal(stop);
        client.WriteInput("put a.txt" + Return);
        await client.WaitForOutputAsync("uploading a.txt");
        client.WriteInput(CtrlC + CtrlC + CtrlC);
        await client.WaitForOutputAsync("put a.txt: stopped");
        _server.Program.SendSignal(resume);
        client.WriteInput("pwd" + Return);
        await client.WaitForOutputAsync("\n/\r\n");
        client.WriteInput("bye" + Return);
        Assert.Equal(0, await client.WaitForExitAsync());
    }

    [Fact]
    public async Task An_interrupted_raw_command_does_not_show_its_arguments()
    {
        const int stop = 19, resume = 18;
        await using RunningProgram client = await ConnectAsync();
        _server.Program.SendSignal(stop);
        client.WriteInput("site pswd old1 new2" + Return);
        await client.WaitForOutputAsync("new2\r\n");
        client.WriteInput(CtrlC + CtrlC);
        await client.WaitForOutputAsync("site pswd: stopped");
        Assert.DoesNotContain("new2: ", client.Data, StringComparison.Ordinal);
        _server.Program.SendSignal(resume);
    }

    [Fact]
    public async Task Ctrl_c_in_a_local_command_ends_only_that_command()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput(
            "!trap 'echo caught' INT; echo $((40 + 2)); until [ \"$line\" = end ]; do read line; done; echo got $line" + Return);
        await client.WaitForOutputAsync("42\r\n");
        client.WriteInput(CtrlC);
        await client.WaitForOutputAsync("caught\r\n");
        client.WriteInput(CtrlC);
        await client.WaitForOutputAsync("caught\r\n", times: 2);
        client.WriteInput("end\n");
        await client.WaitForOutputAsync("got end");
        await client.WaitForOutputAsync("fts> ", times: 2);
        client.WriteInput("pwd" + Return);
        await client.WaitForOutputAsync("\n/\r\n");
    }

    [Fact]
    public async Task A_signal_between_two_commands_does_not_end_a_session()
    {
        await using RunningProgram client = await ConnectAsync();
        RunningProgram.SendSignal(client.GetChildId(), 2);
        client.WriteInput("pwd" + Return);
        await client.WaitForOutputAsync("fts> ", times: 2);
        // The runtime may deliver the signal only during a command. It stops that command, but not the other one.
        client.WriteInput("pwd" + Return);
        await client.WaitForOutputAsync("\n/\r\n");
    }

    [Theory]
    [InlineData("mkdir one two.x\eb\eb\ebA", "mkdir Aone two.x")] // Alt-B
    [InlineData("mkdir one\x01\ef\efB", "mkdir oneB")] // Alt-F
    [InlineData("mkdir one-two\x01\ef \ed\edC", "mkdir C")] // Alt-D
    [InlineData("mkdir one.two\e\u007f\e\u007fD", "mkdir D")] // Alt-Backspace
    [InlineData("mkdir one two\e[1;5D\e[1;5DE", "mkdir Eone two")] // Ctrl-Left
    [InlineData("mkdir one\x01\e[1;5C\e[1;5CF", "mkdir oneF")] // Ctrl-Right
    [InlineData("mkdir one two\e\e[D\e\e[DG", "mkdir Gone two")] // Alt-Left as two ESC
    [InlineData("mkdir a b\x17I", "mkdir a I")] // Ctrl-W
    [InlineData("mkdir b\x15\x19J", "mkdir bJ")] // Ctrl-U, Ctrl-Y
    [InlineData("mkdir \e[15~\e[200~K\e[201~\e[99;99R\e]0;title\aL\eOP\e[[AM", "mkdir KLM")] // unknown sequences
    [InlineData("mkdir h\u00fc\u6587\ud83d\ude00\x7fN", "mkdir h\u00fc\u6587N")] // a surrogate pair is one character
    public async Task Keys_edit_the_line_as_in_readline(string keys, string expected)
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput(keys);
        await client.WaitForOutputAsync(expected);
        client.WriteInput("\x05Z" + Return);
        string name = expected[(expected.LastIndexOf(' ') + 1)..] + "Z";
        await client.WaitForOutputAsync($"created {name}");
        Assert.Contains(name, _server.Folder.Names);
    }

    [Fact]
    public async Task A_sequence_that_arrives_in_two_parts_types_nothing()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("mkdir a");
        await client.WaitForOutputAsync("mkdir a");
        // No two of these parts that arrive together end with ESC [, which the runtime reports like a typed bracket.
        foreach (string part in (string[])["\e[1;", "5D", "\e[9", "9~B"])
        {
            client.WriteInput(part);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }

        await client.WaitForOutputAsync("mkdir Ba");
        client.WriteInput(Return);
        await client.WaitForOutputAsync("created Ba");
        Assert.Equal(["Ba"], _server.Folder.Names);
    }

    [Fact]
    public async Task Ctrl_r_finds_an_earlier_line()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("mkdir one" + Return);
        await client.WaitForOutputAsync("created one");
        client.WriteInput("pwd" + Return);
        await client.WaitForOutputAsync("\n/\r\n");
        client.WriteInput("\x12kd");
        await client.WaitForOutputAsync("(search 'kd') ");
        client.WriteInput("\x05-again" + Return);
        await client.WaitForOutputAsync("created one-again");
        Assert.Equal(["one", "one-again"], _server.Folder.Names);
    }

    [Fact]
    public async Task Arrow_keys_move_the_cursor_and_recall_earlier_lines()
    {
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput(
            "kdir one" + LeftArrow + LeftArrow + LeftArrow + LeftArrow + LeftArrow + LeftArrow + LeftArrow + LeftArrow + "m" + Return);
        await client.WaitForOutputAsync("created one");
        client.WriteInput(UpArrow + "two" + Return);
        await client.WaitForOutputAsync("created onetwo");
        Assert.Equal(["one", "onetwo"], _server.Folder.Names);
    }

    [Fact]
    public async Task Tab_completes_commands_and_local_and_remote_names()
    {
        _folder.Write("a local file.txt", "here");
        _server.Folder.Write("a remote file.txt", "there");
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("pu\ta\t" + Return);
        await client.WaitForOutputAsync("uploaded a local file.txt");
        client.WriteInput("rm a\tl\t" + Return);
        await client.WaitForOutputAsync("removed a local file.txt");
        client.WriteInput("ge\ta\t" + Return);
        await client.WaitForOutputAsync("downloaded a remote file.txt");
        Assert.Equal("there", _folder.Read("a remote file.txt"));
        client.WriteInput("help serv\t" + Return);
        await client.WaitForOutputAsync("STOR");
    }

    [Fact]
    public async Task An_existing_file_is_replaced_only_after_a_yes()
    {
        _folder.Write("a.txt", "mine");
        _server.Folder.Write("a.txt", "theirs");
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("get a.txt" + Return);
        await client.WaitForOutputAsync("Replace it? [yes/No/all/none/newer/resume/quit] ");
        client.WriteInput("n" + Return);
        await client.WaitForOutputAsync("skipped a.txt: already exists in the local folder");
        Assert.Equal("mine", _folder.Read("a.txt"));
        client.WriteInput("get a.txt" + Return);
        await client.WaitForOutputAsync("Replace it? [yes/No/all/none/newer/resume/quit] ", times: 2);
        client.WriteInput("y" + Return);
        await client.WaitForOutputAsync("downloaded a.txt");
        Assert.Equal("theirs", _folder.Read("a.txt"));
    }

    [Fact]
    public async Task An_existing_file_can_be_resumed_and_tab_completes_the_options()
    {
        _folder.Write("a.txt", "one, ");
        _server.Folder.Write("a.txt", "one, two");
        await using RunningProgram client = await ConnectAsync();
        client.WriteInput("get a.txt" + Return);
        await client.WaitForOutputAsync("Replace it? [yes/No/all/none/newer/resume/quit] ");
        client.WriteInput("r" + Return);
        await client.WaitForOutputAsync("resuming a.txt at 62 %");
        await client.WaitForOutputAsync("resumed after 5 bytes");
        Assert.Equal("one, two", _folder.Read("a.txt"));
        client.WriteInput("get --sk\ta\t" + Return);
        await client.WaitForOutputAsync("skipped a.txt: already exists in the local folder");
    }

    [Fact]
    public async Task Ctrl_c_cancels_only_the_running_command_which_has_a_progress_bar()
    {
        const int stop = 19, resume = 18;
        _folder.Write("a.txt", "a");
        await using RunningProgram client = await ConnectAsync();
        // The suspended server sends no reply, so the upload waits until the test continues it.
        _server.Program.SendSignal(stop);
        client.WriteInput("put a.txt" + Return);
        await client.WaitForOutputAsync("uploading a.txt");
        client.WriteInput(CtrlC);
        await client.WaitForOutputAsync("put a.txt: stopped");
        _server.Program.SendSignal(resume);
        client.WriteInput("pwd" + Return);
        await client.WaitForOutputAsync("\n/\r\n");
        Assert.DoesNotContain("uploaded", client.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NO_COLOR", "1", false)]
    [InlineData("NO_COLOR", "", true)]
    public async Task Colour_follows_the_option_and_the_variable(string name, string value, bool colored)
    {
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText], 80, (name, value));
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("nonsense" + Return);
        await client.WaitForOutputAsync("unknown command");
        Assert.Equal(colored, client.Data.Contains("\e[31m", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dumb_terminal_gets_a_prompt_and_no_escape_byte()
    {
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText], 80, ("TERM", "dumb"));
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("pwd\n");
        await client.WaitForOutputAsync("/\r\nfts> ");
        client.WriteInput("bye\n");
        Assert.Equal(0, await client.WaitForExitAsync());
        Assert.DoesNotContain('\e', client.Data);
    }

    private async Task<RunningProgram> ConnectAsync()
    {
        RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.WaitForOutputAsync("fts> ");
        return client;
    }
}
