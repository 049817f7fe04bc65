using Fts.ProgramTests.Running;

namespace Fts.ProgramTests.Published;

/// <summary>The client with somebody typing: a real pseudo-terminal, keys as bytes, the screen as bytes.</summary>
public sealed class TerminalTests : IAsyncLifetime
{
    private const string CtrlC = "\x03", CtrlD = "\x04", Up = "\e[A", Left = "\e[D", Return = "\r";

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_prompt_takes_commands_until_bye()
    {
        _folder.Write("a.txt", "abc");
        await using RunningProgram client = await ConnectAsync();
        client.Type("put a.txt" + Return);
        await client.SeesAsync("uploaded a.txt (3 bytes");
        client.Type("bye" + Return);
        Assert.Equal(0, await client.ExitAsync());
        Assert.Equal(["a.txt"], _server.Folder.Names);
    }

    [Fact]
    public async Task Ctrl_d_leaves_and_what_failed_before_is_no_exit_code()
    {
        await using RunningProgram client = await ConnectAsync();
        client.Type("get missing" + Return);
        await client.SeesAsync("no such file or folder on the server");
        await client.SeesAsync("fts> ", times: 2);
        client.Type(CtrlD);
        Assert.Equal(0, await client.ExitAsync());
    }

    [Fact]
    public async Task Ctrl_c_clears_the_line_first_and_leaves_on_an_empty_one()
    {
        await using RunningProgram client = await ConnectAsync();
        client.Type("rubbish" + CtrlC + "pwd" + Return);
        await client.SeesAsync("\n/\r\n");
        Assert.DoesNotContain("unknown command", client.Data, StringComparison.Ordinal);
        await client.SeesAsync("fts> ", times: 2);
        client.Type(CtrlC);
        Assert.Equal(130, await client.ExitAsync());
    }

    [Fact]
    public async Task The_cursor_moves_and_history_comes_back()
    {
        await using RunningProgram client = await ConnectAsync();
        client.Type("kdir one" + Left + Left + Left + Left + Left + Left + Left + Left + "m" + Return);
        await client.SeesAsync("made one");
        client.Type(Up + "two" + Return);
        await client.SeesAsync("made onetwo");
        Assert.Equal(["one", "onetwo"], _server.Folder.Names);
    }

    [Fact]
    public async Task Tab_completes_commands_and_names_of_both_sides()
    {
        _folder.Write("a local file.txt", "here");
        _server.Folder.Write("a remote file.txt", "there");
        await using RunningProgram client = await ConnectAsync();
        client.Type("pu\ta\t" + Return);
        await client.SeesAsync("uploaded a local file.txt");
        client.Type("rm a\tl\t" + Return);
        await client.SeesAsync("removed a local file.txt");
        client.Type("ge\ta\t" + Return);
        await client.SeesAsync("downloaded a remote file.txt");
        Assert.Equal("there", _folder.Read("a remote file.txt"));
    }

    [Fact]
    public async Task An_existing_file_is_replaced_only_after_a_yes()
    {
        _folder.Write("a.txt", "mine");
        _server.Folder.Write("a.txt", "theirs");
        await using RunningProgram client = await ConnectAsync();
        client.Type("get a.txt" + Return);
        await client.SeesAsync("Replace it? [y/N/resume] ");
        client.Type("n" + Return);
        await client.SeesAsync("kept as it is");
        Assert.Equal("mine", _folder.Read("a.txt"));
        client.Type("get a.txt" + Return);
        await client.SeesAsync("Replace it? [y/N/resume] ", times: 2);
        client.Type("y" + Return);
        await client.SeesAsync("downloaded a.txt");
        Assert.Equal("theirs", _folder.Read("a.txt"));
    }

    [Fact]
    public async Task An_existing_file_may_be_gone_on_with_and_tab_knows_the_options()
    {
        _folder.Write("a.txt", "one, ");
        _server.Folder.Write("a.txt", "one, two");
        await using RunningProgram client = await ConnectAsync();
        client.Type("get a.txt" + Return);
        await client.SeesAsync("Replace it? [y/N/resume] ");
        client.Type("r" + Return);
        await client.SeesAsync("resuming a.txt at 62 %");
        await client.SeesAsync("downloaded a.txt (3 bytes after the 5 bytes from before");
        Assert.Equal("one, two", _folder.Read("a.txt"));
        client.Type("get --sk\ta\t" + Return);
        await client.SeesAsync("a.txt is here already: kept as it is");
    }

    [Fact]
    public async Task Ctrl_c_ends_the_running_command_only_and_a_bar_shows_it_meanwhile()
    {
        const int stop = 19, resume = 18;
        _folder.Write("a.txt", "a");
        await using RunningProgram client = await ConnectAsync();
        // A server that is held answers nothing, and the upload has to wait as long as the test wants.
        _server.Program.Signal(stop);
        client.Type("put a.txt" + Return);
        await client.SeesAsync("uploading a.txt");
        client.Type(CtrlC);
        await client.SeesAsync("put a.txt: stopped");
        _server.Program.Signal(resume);
        client.Type("pwd" + Return);
        await client.SeesAsync("\n/\r\n");
        Assert.DoesNotContain("uploaded", client.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NO_COLOR", "1", false)]
    [InlineData("NO_COLOR", "", true)]
    public async Task Colour_obeys_its_switch(string name, string value, bool colored)
    {
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText], 80, (name, value));
        await client.SeesAsync("fts> ");
        client.Type("nonsense" + Return);
        await client.SeesAsync("unknown command");
        Assert.Equal(colored, client.Data.Contains("\e[31m", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dumb_terminal_gets_a_prompt_and_no_escape_byte()
    {
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText], 80, ("TERM", "dumb"));
        await client.SeesAsync("fts> ");
        client.Type("pwd\n");
        await client.SeesAsync("/\r\nfts> ");
        client.Type("bye\n");
        Assert.Equal(0, await client.ExitAsync());
        Assert.DoesNotContain('\e', client.Data);
    }

    private async Task<RunningProgram> ConnectAsync()
    {
        RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.SeesAsync("fts> ");
        return client;
    }
}
