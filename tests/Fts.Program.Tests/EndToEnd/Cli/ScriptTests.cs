using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of the <c>./fts</c> script with a program that is already built.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_script_runs_through_a_link_and_from_any_folder()
    {
        _ = PublishedProgram.Path;
        File.CreateSymbolicLink(_folder["link"], Path.Combine(Repository.Root, "fts"));
        await using RunningProgram script = RunningProgram.StartFile(_folder["link"], _folder.Path, ["--version"]);
        Assert.Equal(0, await script.WaitForExitAsync());
        Assert.StartsWith("fts ", script.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_runs_in_the_callers_folder()
    {
        _ = PublishedProgram.Path;
        await using RunningProgram script =
            RunningProgram.StartFile(Path.Combine(Repository.Root, "fts"), _folder.Path, ["server", "127.0.0.1", "0"]);
        await script.WaitForOutputAsync($"folder    {_folder.Path}\n");
    }

    [Fact]
    public async Task A_missing_dotnet_is_reported_in_one_line()
    {
        // Before it searches for dotnet, the script needs only bash, readlink and dirname.
        foreach (string tool in (string[])["bash", "readlink", "dirname"])
        {
            File.CreateSymbolicLink(_folder[tool], "/usr/bin/" + tool);
        }

        await using RunningProgram script =
            RunningProgram.StartFile("/usr/bin/env", _folder.Path, [$"PATH={_folder.Path}", Path.Combine(Repository.Root, "fts")]);
        Assert.Equal(1, await script.WaitForExitAsync());
        Assert.Contains("dotnet not found", script.Messages, StringComparison.Ordinal);
        Assert.Equal(1, script.Messages.Count(c => c == '\n'));
    }
}
