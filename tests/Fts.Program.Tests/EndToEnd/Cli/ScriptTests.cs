using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>The <c>./fts</c> script. It runs what is built already; building is what every run of these tests starts with.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_works_through_a_link_and_from_any_folder()
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
        await using RunningProgram script = RunningProgram.StartFile(Path.Combine(Repository.Root, "fts"), _folder.Path, ["server", "127.0.0.1", "0"]);
        await script.WaitForOutputAsync($"folder    {_folder.Path}\n");
    }

    [Fact]
    public async Task Without_dotnet_it_says_so_in_one_line()
    {
        // bash, readlink and dirname are all the script needs before it looks for dotnet.
        foreach (string tool in (string[])["bash", "readlink", "dirname"])
        {
            File.CreateSymbolicLink(_folder[tool], "/usr/bin/" + tool);
        }

        await using RunningProgram script = RunningProgram.StartFile("/usr/bin/env", _folder.Path, [$"PATH={_folder.Path}", Path.Combine(Repository.Root, "fts")]);
        Assert.Equal(1, await script.WaitForExitAsync());
        Assert.Contains("dotnet not found", script.Messages, StringComparison.Ordinal);
        Assert.Equal(1, script.Messages.Count(c => c == '\n'));
    }
}
