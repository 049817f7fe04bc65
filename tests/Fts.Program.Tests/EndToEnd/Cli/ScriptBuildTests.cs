using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of the builds of the <c>./fts</c> script, with a stand-in for <c>dotnet</c> whose programs print their kind.</summary>
public sealed class ScriptBuildTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public ScriptBuildTests()
    {
        File.Copy(Path.Combine(Repository.Root, "fts"), _folder["fts"]);
        Directory.CreateDirectory(_folder["src"]);
        foreach (string file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json", "src/Program.cs"])
        {
            File.WriteAllText(_folder[file], "");
        }

        Directory.CreateDirectory(_folder["tools"]);
        AddTool("gcc", "exit 1");

        // dotnet publish … --output DIRECTORY … -p:ProgramKind=KIND; "hold-KIND" delays the build until it is removed, "fail-KIND" makes it fail
        // A program that was built in the background ends with --version, as its last step.
        AddTool("dotnet", $$"""
            kind=${@: -1}
            kind=${kind#*=}
            echo "$kind" >>'{{_folder["builds"]}}'
            while [ -e '{{_folder["hold-"]}}'"$kind" ]; do sleep 0.02; done
            if [ -e '{{_folder["fail-"]}}'"$kind" ]; then echo 'error: broken'; exit 1; fi
            while [ "$1" != --output ]; do shift; done
            printf '#!/bin/sh\necho %s "$FTS_BUILD" "$@"\n[ "$1" != --version ] || touch "%s"\n' "$kind" '{{_folder["finished"]}}' >"$2/fts"
            chmod 755 "$2/fts"
            """);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_start_runs_byte_code_and_the_next_one_native_code()
    {
        File.WriteAllText(_folder["hold-native"], "");
        Assert.Equal("jit  a b\n", await RunAsync("", "a", "b"));
        Assert.Equal("jit  a\n", await RunAsync("", "a")); // the native program is still being built
        File.Delete(_folder["hold-native"]);
        await WaitForAsync(() => File.Exists(_folder["finished"]));
        Assert.Equal("native  a\n", await RunAsync("", "a"));
        Assert.Equal(["jit", "native"], Builds());
    }

    [Fact]
    public async Task A_request_for_the_native_program_waits_for_it()
    {
        Assert.Equal("native  a\n", await RunAsync("native", "a"));
        Assert.Equal(["native"], Builds());
    }

    [Fact]
    public async Task A_changed_source_file_is_built_again()
    {
        await RunAsync("native", "a");
        File.SetLastWriteTimeUtc(_folder["src/Program.cs"], DateTime.UtcNow.AddSeconds(5));
        File.WriteAllText(_folder["hold-native"], "");
        Assert.Equal("jit  a\n", await RunAsync("", "a"));
        File.Delete(_folder["hold-native"]);
        await WaitForAsync(() => File.Exists(_folder["finished"]));
        Assert.Equal(["native", "jit", "native"], Builds());
    }

    [Fact]
    public async Task A_failed_native_build_keeps_the_byte_code_and_is_not_repeated()
    {
        File.WriteAllText(_folder["fail-native"], "");
        File.WriteAllText(_folder["fail-precompiled"], "");
        Assert.Equal("jit  a\n", await RunAsync("", "a"));
        await WaitForAsync(() => File.Exists(_folder["artifacts/program/current/complete"]));
        Assert.Equal("jit  a\n", await RunAsync("", "a"));
        Assert.Equal(["jit", "native", "precompiled"], Builds());
    }

    [Fact]
    public async Task A_failed_first_build_is_reported_with_its_errors()
    {
        File.WriteAllText(_folder["fail-jit"], "");
        await using RunningProgram script = Start("", "a");
        Assert.Equal(1, await script.WaitForExitAsync());
        Assert.Contains("error: broken\n", script.Messages, StringComparison.Ordinal);
        Assert.Contains("fts: the build failed", script.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_script_describes_what_it_does()
    {
        File.WriteAllText(_folder["hold-native"], "");
        await using RunningProgram script = Start("", "a");
        Assert.Equal(0, await script.WaitForExitAsync());
        File.Delete(_folder["hold-native"]);
        await WaitForAsync(() => File.Exists(_folder["finished"]));
        Assert.StartsWith("fts: building the program (less than a minute)\nfts: ", script.Messages, StringComparison.Ordinal);
        Assert.EndsWith("done\nfts: compiling to native code in the background, for the next start\n", script.Messages, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string build, params string[] arguments)
    {
        await using RunningProgram script = Start(build, arguments);
        Assert.Equal(0, await script.WaitForExitAsync());
        return script.Data;
    }

    private RunningProgram Start(string build, params string[] arguments) => RunningProgram.StartFile(
        "/usr/bin/env", _folder.Path, [$"PATH={_folder["tools"]}:/usr/bin:/bin", $"FTS_BUILD={build}", _folder["fts"], .. arguments]);

    private string[] Builds() => File.ReadAllLines(_folder["builds"]);

    private static async Task WaitForAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private void AddTool(string name, string script)
    {
        File.WriteAllText(_folder[Path.Combine("tools", name)], "#!/usr/bin/env bash\n" + script + "\n");
        File.SetUnixFileMode(_folder[Path.Combine("tools", name)], (UnixFileMode)0b111_101_101);
    }
}
