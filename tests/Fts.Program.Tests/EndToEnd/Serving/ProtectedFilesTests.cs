using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests that clients cannot reach the key and the settings of the program if a home folder is served.</summary>
public sealed class ProtectedFilesTests : IDisposable
{
    private readonly TestFolder _home = new(), _folder = new();

    private (string, string?)[] Environment => [("HOME", _home.Path), ("XDG_STATE_HOME", null), ("XDG_CONFIG_HOME", null)];

    public void Dispose()
    {
        _home.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData()]
    [InlineData("--no-sandbox")]
    public async Task A_server_in_a_home_folder_hides_its_own_key(params string[] options)
    {
        string key = _home[".local/state/fts/server.pem"];
        _home.Write("shared", "text");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_home, [], options, Environment);
        string before = File.ReadAllText(key);
        Assert.Equal(0, NativeLink(key, _home["second-name"]));
        _folder.Write("forged", "not the key");

        (int got, _, _) = await server.RunClientAsync(_folder, "get .local/state/fts/server.pem");
        (int gotSecond, _, _) = await server.RunClientAsync(_folder, "get second-name");
        (int put, _, _) = await server.RunClientAsync(_folder, "put --overwrite forged .local/state/fts/server.pem");
        (int putSettings, _, _) = await server.RunClientAsync(_folder, "mkdir .config", "mkdir .config/fts");
        (int listed, string names, _) = await server.RunClientAsync(_folder, "ls", "ls .local/state");
        (int gotShared, _, _) = await server.RunClientAsync(_folder, "get shared");

        Assert.NotEqual(0, got);
        Assert.NotEqual(0, gotSecond);
        Assert.NotEqual(0, put);
        Assert.NotEqual(0, putSettings);
        Assert.Equal((0, 0), (listed, gotShared));
        Assert.DoesNotContain("fts", names, StringComparison.Ordinal);
        Assert.DoesNotContain("second-name", names, StringComparison.Ordinal);
        Assert.Contains("shared", names, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(key));
        Assert.False(Directory.Exists(_home[".config/fts"]));
        Assert.Equal("text", _folder.Read("shared"));
    }

    [Fact]
    public async Task A_certificate_in_the_served_folder_is_hidden()
    {
        var authority = new AuthorityFiles(_folder);
        File.Copy(authority.WritePem("server"), _home["cert.pem"]);
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_home, [], ["--cert", _home["cert.pem"]], Environment);
        (int got, _, _) = await server.RunClientAsync(_folder, "get cert.pem stolen.pem");
        Assert.NotEqual(0, got);
        Assert.False(File.Exists(_folder["stolen.pem"]));
    }

    [Fact]
    public async Task The_settings_folder_of_the_program_cannot_be_served()
    {
        Directory.CreateDirectory(_home[".local/state/fts"]);
        await using RunningProgram program = RunningProgram.Start(_home[".local/state/fts"], ["server", "127.0.0.1", "0"], Environment);
        Assert.Equal(11, await program.WaitForExitAsync());
        Assert.Contains("this folder is reserved for the keys and settings of fts", program.Messages, StringComparison.Ordinal);
        Assert.Contains("choose another folder with --folder", program.Messages, StringComparison.Ordinal);
    }

    private static int NativeLink(string path, string second)
    {
        using var link = System.Diagnostics.Process.Start("ln", [path, second]);
        link.WaitForExit();
        return link.ExitCode;
    }
}
