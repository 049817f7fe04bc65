using Fts.ProgramTests.Running;

namespace Fts.ProgramTests.Published;

/// <summary>Names of local and remote files and folders that hold control characters: none of these characters reaches the terminal, with any command.</summary>
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
    [InlineData("lls")]
    [InlineData($"lls {Folder}")]
    [InlineData($"lls {OneLine}/nothing")]
    [InlineData($"lcd {Folder}\nlpwd\nget nothing")]
    [InlineData($"lcd {Folder}\nget *")]
    [InlineData($"lcd {Folder}x")]
    [InlineData("put *")]
    [InlineData("put --skip *")]
    [InlineData("put --resume *")]
    [InlineData($"put {OneLine}")]
    [InlineData($"put --skip {OneLine}")]
    [InlineData($"put --resume {OneLine}")]
    [InlineData($"put {Folder}")]
    [InlineData($"put {OneLine}x {OneLine}y")]
    [InlineData($"put {OneLine}*y")]
    [InlineData("get *")]
    [InlineData("get --skip *")]
    [InlineData("get --resume *")]
    [InlineData("get --overwrite *")]
    [InlineData($"get {OneLine}")]
    [InlineData($"get --overwrite {OneLine}")]
    [InlineData($"get {OneLine}x {OneLine}y")]
    [InlineData($"get {OneLine}*y")]
    [InlineData($"cat {OneLine}")]
    [InlineData($"cat {OneLine}x")]
    [InlineData("ls")]
    [InlineData($"ls {OneLine}")]
    [InlineData($"ls {OneLine}x")]
    [InlineData($"ls {OneLine}*y")]
    [InlineData("nlist")]
    [InlineData("size *")]
    [InlineData($"size {OneLine} {OneLine}x")]
    [InlineData($"cd {Folder}\npwd\ncd {Folder}x")]
    [InlineData($"cd {OneLine}")]
    [InlineData($"mkdir {OneLine}\nmkdir m{OneLine}\nrmdir m{OneLine}\nrmdir {OneLine}")]
    [InlineData($"change {OneLine} n{OneLine}\nrm n{OneLine}\nrm n{OneLine}\nchange x {OneLine}")]
    [InlineData($"rm {OneLine}*")]
    [InlineData($"mirror {Folder} --dry-run\nmirror {Folder}\nmirror {Folder}x")]
    [InlineData("mirror . into --dry-run\nmirror . into")]
    [InlineData("mirror -R . into --dry-run\nmirror -R . into")]
    [InlineData($"mirror -R {Folder} {OneLine}")]
    [InlineData($"help {OneLine}\n{OneLine}\nget --{OneLine}\n!exit 3 #{Title}")]
    public async Task No_control_character_of_a_name_reaches_the_terminal(string lines)
    {
        foreach (string debug in (string[])["0", "1"])
        {
            (_, string data, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", _server.PortText, debug], lines + "\n");
            Check(data, messages);
        }
    }

    [Fact]
    public async Task Nor_with_the_commands_that_do_one_thing()
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
            Check(data, messages);
        }
    }

    [Fact]
    public async Task Nor_by_completion_or_the_edited_line()
    {
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.SeesAsync("fts> ");
        client.Type("put p\t");
        await client.SeesAsync("put plain ");
        client.Type("\u0015put a\t\t\u0015put \t\t\u0015lls f\t\t\u0015rm d\t\t\u0015rm \t\t\u0015put *\r");
        await client.SeesAsync("uploaded plain");
        client.Type("lls\r");
        await client.SeesAsync(" plain");
        client.Type("bye\r");
        await client.ExitAsync();
        Assert.DoesNotContain(Title, client.Data, StringComparison.Ordinal);
        Assert.DoesNotContain('\u0007', client.Data);
    }

    private void Check(string data, string messages)
    {
        string all = data + messages + _server.Program.Messages;
        Assert.DoesNotContain(all, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain("b\nc", all, StringComparison.Ordinal);
    }
}
