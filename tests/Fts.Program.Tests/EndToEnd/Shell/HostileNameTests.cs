using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>Names of local and remote files and folders that hold control characters: none of these characters reaches the terminal, with
/// any command.</summary>
public sealed class HostileNameTests : IAsyncLifetime
{
    private const string Title = "\u001b]0;x\u0007", Hostile = $"a{Title}b\nc", OneLine = $"d{Title}e", Folder = $"f{Title}g";

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        foreach (TestFolder side in (TestFolder[])[_folder, _server.Folder])
        {
            side.Write(OneLine, "some content");
            Directory.CreateDirectory(side[Folder]);
            side.Write($"{Folder}/inside", "content");
        }

        // No name on the wire of FTP holds a line end, so the server need not have this one.
        _folder.Write(Hostile, "local only");
        _folder.Write("plain", "12345678");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(
        "lls\n" +
        $"lls {Folder}\n" +
        $"lls {OneLine}/nothing\n" +
        $"lcd {Folder}\nlpwd\nget nothing\n" +
        $"lcd {Folder}x\n")]
    [InlineData(
        "put *\n" +
        "put --skip *\n" +
        "put --resume *\n" +
        $"put {OneLine}\n" +
        $"put --skip {OneLine}\n" +
        $"put --resume {OneLine}\n" +
        $"put {Folder}\n" +
        $"mput {OneLine}x {OneLine}y\n" +
        $"put {OneLine}*y\n")]
    [InlineData(
        $"lcd {Folder}\nget *\n" +
        "get *\n" +
        "get --skip *\n" +
        "get --resume *\n" +
        "get --overwrite *\n" +
        $"get {OneLine}\n" +
        $"get --overwrite {OneLine}\n" +
        $"mget {OneLine}x {OneLine}y\n" +
        $"get {OneLine}*y\n" +
        $"cat {OneLine}\n" +
        $"cat {OneLine}x\n")]
    [InlineData(
        "ls\n" +
        $"ls {OneLine}\n" +
        $"ls {OneLine}x\n" +
        $"ls {OneLine}*y\n" +
        "nlist\n" +
        "size *\n" +
        $"size {OneLine} {OneLine}x\n" +
        $"cd {Folder}\npwd\ncd {Folder}x\n" +
        $"cd {OneLine}\n")]
    [InlineData(
        $"mkdir {OneLine}\nmkdir m{OneLine}\nrmdir m{OneLine}\nrmdir {OneLine}\n" +
        $"change {OneLine} n{OneLine}\nrm n{OneLine}\nrm n{OneLine}\nchange x {OneLine}\n" +
        $"rm {OneLine}*\n" +
        $"help {OneLine}\n{OneLine}\nget --{OneLine}\n!exit 3 #{Title}\n")]
    [InlineData(
        $"mirror {Folder} --dry-run\nmirror {Folder}\nmirror {Folder}x\n" +
        "mirror . into --dry-run\nmirror . into\n" +
        "mirror -R . into --dry-run\nmirror -R . into\n" +
        $"mirror -R {Folder} {OneLine}\n")]
    public async Task No_control_character_of_a_name_reaches_the_terminal(string lines)
    {
        // With debug the requests and replies are shown, too.
        (_, string data, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", _server.PortText, "1"], lines);
        AssertNoControlCharacters(data, messages);
    }

    [Fact]
    public async Task No_control_character_of_a_name_reaches_the_terminal_from_a_one_shot_command()
    {
        string server = $"ftp://127.0.0.1:{_server.PortText}/", file = Uri.EscapeDataString(OneLine), folder = Uri.EscapeDataString(Folder);
        string[][] commands =
        [
            ["put", Hostile, server],
            ["put", Hostile, OneLine, "plain", server, "--resume"],
            ["put", Hostile, server + file],
            ["put", Hostile + "x", server],
            ["get", server + file],
            ["get", server + file, "--to", Folder],
            ["get", server + file, "--to", Hostile],
            ["get", server + file + "x"],
            ["get", $"ftp://{file}@127.0.0.1:{_server.PortText}/a"],
            ["get", server + file, "--password-file", Hostile, "--user", OneLine],
            ["get", server + file, "--ca", Hostile],
            ["get", server + file, "--cert", Hostile],
            ["get", server + file, $"--{OneLine}"],
            ["mirror", server + folder, Hostile + "y"],
            ["mirror", Folder, server + file],
            ["mirror", ".", server + "into", "--dry-run"],
            ["client", OneLine],
            ["client", "127.0.0.1", Hostile],
            ["trust", "add", Hostile, Hostile],
            ["trust", "remove", $"{OneLine}:21"],
            [Hostile],
            ["help", Hostile],
        ];
        foreach (string[] command in commands)
        {
            (_, string data, string messages) = await RunningProgram.RunAsync(_folder.Path, command);
            AssertNoControlCharacters(data, messages);
        }
    }

    [Fact]
    public async Task No_control_character_of_a_name_reaches_the_terminal_by_completion_or_the_edited_line()
    {
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("put p\t");
        await client.WaitForOutputAsync("put plain ");
        client.WriteInput("\u0015put a\t\t\u0015put \t\t\u0015lls f\t\t\u0015rm d\t\t\u0015rm \t\t\u0015put *\r");
        await client.WaitForOutputAsync("uploaded plain");
        client.WriteInput("lls\r");
        await client.WaitForOutputAsync(" plain");
        client.WriteInput("bye\r");
        await client.WaitForExitAsync();
        Assert.DoesNotContain(Title, client.Data, StringComparison.Ordinal);
        Assert.DoesNotContain('\u0007', client.Data);
    }

    private void AssertNoControlCharacters(string data, string messages)
    {
        string all = data + messages + _server.Program.Messages;
        Assert.DoesNotContain(all, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain("b\nc", all, StringComparison.Ordinal);
    }
}
