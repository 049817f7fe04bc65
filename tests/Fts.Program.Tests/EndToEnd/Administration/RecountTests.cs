using System.Text.Json;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Administration;

/// <summary>Tests of <c>fts user recount</c> and of the usage in <c>fts user show</c>.</summary>
public sealed class RecountTests : IDisposable
{
    private readonly TestFolder _folder = new(), _data = new();

    private string State => _data["state"];

    private string Home => _data["homes/ann"];

    public void Dispose()
    {
        _folder.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task A_recount_corrects_the_usage_with_a_server_and_without()
    {
        Directory.CreateDirectory(Home);
        File.WriteAllText(Path.Combine(Home, "a"), "12345");
        await CheckAsync(["user", "add", "ann", "--no-password", "--home", Home, "--quota-bytes", "1000"], 0, "");
        await CheckAsync(["user", "add", "bob", "--no-password", "--home", _data["homes/bob"], "--quota-files", "7"], 0, "");
        await CheckAsync(["user", "add", "carl", "--no-password"], 0, "");
        await CheckAsync(["user", "show", "ann"], 0, "unknown; fts user recount ann counts it");
        await CheckAsync(
            ["user", "recount"], 0,
            "ann: corrected by +5 bytes and +1 files, 5 bytes in 1 file\nbob: correct, 0 bytes in 0 files\n");
        await CheckAsync(["user", "show", "ann"], 0, "5 bytes in 1 file, counted 20");
        await using (RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--state", State]))
        {
            File.WriteAllText(Path.Combine(Home, "b"), "1234567");
            File.Delete(Path.Combine(Home, "a"));
            await CheckAsync(["user", "recount", "ann"], 0, "ann: corrected by +2 bytes and 0 files, 7 bytes in 1 file\n");
            await CheckAsync(["user", "recount", "ann"], 0, "ann: correct, 7 bytes in 1 file\n");
            await server.Program.WaitForOutputAsync("was corrected by 2 bytes and 0 files");
            (_, string json, _) = await RunAsync("user", "show", "ann", "--json");
            JsonElement usage = JsonDocument.Parse(json).RootElement.GetProperty("usage");
            Assert.Equal(
                (Home, 7, 1, 0),
                (usage.GetProperty("directory").GetString()!, usage.GetProperty("bytes").GetInt64(), usage.GetProperty("files").GetInt64(),
                    usage.GetProperty("reservedBytes").GetInt64()));
            await CheckAsync(["user", "recount", "carl"], 6, "the account carl has no quota");
            await CheckAsync(["user", "recount", "dora"], 6, "no account has the name dora");
            server.Program.SendSignal(15);
            Assert.Equal(0, await server.Program.WaitForExitAsync());
        }

        File.Delete(Path.Combine(Home, "b"));
        await CheckAsync(["user", "recount", "ann"], 0, "ann: corrected by -7 bytes and -1 files, 0 bytes in 0 files\n");
        await CheckAsync(["user", "show", "ann"], 0, "0 bytes in 0 files");
        await CheckAsync(["user", "recount", "carl"], 1, "known only while the server runs");
        // The files of the command do not prevent the next start.
        await using RunningServer again = await RunningServer.StartOnFolderAsync(_folder, [], ["--state", State]);
        await CheckAsync(["user", "recount"], 0, "ann: correct, 0 bytes in 0 files\n");
    }

    [Fact]
    public async Task A_missing_home_keeps_its_usage_and_the_others_are_counted()
    {
        Directory.CreateDirectory(Home);
        File.WriteAllText(Path.Combine(Home, "a"), "12345");
        await CheckAsync(["user", "add", "ann", "--no-password", "--home", Home, "--quota-bytes", "1000"], 0, "");
        await CheckAsync(["user", "add", "bob", "--no-password", "--home", _data["homes/bob"], "--quota-files", "7"], 0, "");
        await CheckAsync(["user", "recount"], 0, "ann: corrected by +5 bytes and +1 files");
        Directory.Move(Home, Home + "-away");
        await CheckAsync(
            ["user", "recount", "ann"], 6, $"cannot count {Home}: the directory does not exist, but had files at its last count");
        await CheckAsync(["user", "recount"], 9, "bob: correct, 0 bytes in 0 files");
        await CheckAsync(["user", "show", "ann"], 0, "5 bytes in 1 file");
        Directory.Move(Home + "-away", Home);
        await CheckAsync(["user", "recount"], 0, "ann: correct, 5 bytes in 1 file");
    }

    [Fact]
    public async Task Root_does_not_create_files_in_the_state_directory_of_another_user()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/chown"), "needs root and chown");
        await CheckAsync(["user", "add", "ann", "--no-password", "--home", Home, "--quota-bytes", "1000"], 0, "");
        await using RunningProgram change = RunningProgram.StartFile("/usr/bin/chown", "/", ["65534", State]);
        Assert.Equal(0, await change.WaitForExitAsync());
        await CheckAsync(["user", "recount"], 7, $"the state folder {State} belongs to another user");
        Assert.Equal(["fts.db"], Directory.GetFiles(State).Select(Path.GetFileName).Where(name => !name!.Contains('-')));
        Assert.Empty(Directory.GetDirectories(State));
    }

    private Task<(int Code, string Data, string Messages)> RunAsync(params string[] arguments) =>
        RunningProgram.RunAsync(_folder.Path, [.. arguments, "--state", State]);

    private async Task CheckAsync(string[] arguments, int expectedCode, string expectedOutput)
    {
        (int code, string data, string messages) = await RunAsync(arguments);
        Assert.Contains(expectedOutput, data + messages, StringComparison.Ordinal);
        Assert.Equal(expectedCode, code);
    }
}
