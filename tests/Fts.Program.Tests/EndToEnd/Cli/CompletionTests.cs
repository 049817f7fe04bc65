using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>The scripts of <c>fts completion</c>, run by the shells themselves.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("get group", "g")]
    [InlineData("--tls --to", "get", "--t")]
    [InlineData("off", "get", "--tls", "of")]
    [InlineData("--retries --retry-delay", "ls", "--ret")]
    [InlineData("fish", "completion", "f")]
    [InlineData("server service", "help", "ser")]
    [InlineData("", "get", "x")]
    public async Task Bash_completes_commands_options_and_values(string expected, params string[] words)
    {
        await WriteScriptAsync("bash");
        string array = string.Join(' ', words.Prepend("fts").Select(word => $"'{word}'"));
        string output = await RunAsync(
            "bash", "--norc", "-c", $". ./script; COMP_WORDS=({array}); COMP_CWORD={words.Length}; _fts; echo \"${{COMPREPLY[*]}}\"");
        Assert.Equal(expected, string.Join(' ', output.Trim().Split(' ').Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("zsh", "-n")]
    [InlineData("fish", "--no-execute")]
    public async Task The_other_shells_accept_their_scripts(string shell, string check)
    {
        await WriteScriptAsync(shell);
        Assert.SkipWhen(Find(shell) is null, $"{shell} is not installed");
        Assert.Equal("", await RunAsync(shell, check, "script"));
    }

    [Fact]
    public async Task Fish_completes_options()
    {
        await WriteScriptAsync("fish");
        Assert.SkipWhen(Find("fish") is null, "fish is not installed");
        string output = await RunAsync("fish", "--no-config", "-c", "source script; complete -C 'fts get --limit'");
        Assert.StartsWith("--limit-rate\t", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Powershell_gets_a_script_with_every_command()
    {
        await WriteScriptAsync("powershell");
        string script = _folder.Read("script");
        Assert.StartsWith("# PowerShell completion for fts", script, StringComparison.Ordinal);
        Assert.Contains("'mkdir' = @('--parents', '-p',", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_manual_page_is_formatted_without_warnings()
    {
        (int code, string page, _) = await RunningProgram.RunAsync(_folder.Path, ["help", "--man"]);
        Assert.Equal(0, code);
        Assert.StartsWith(".TH FTS 1 ", page, StringComparison.Ordinal);
        Assert.Contains(".SS get\n", page, StringComparison.Ordinal);
        Assert.Contains(".B \\-\\-limit\\-rate RATE\n", page, StringComparison.Ordinal);
        Assert.SkipWhen(Find("groff") is null, "groff is not installed");
        await File.WriteAllTextAsync(_folder["fts.1"], page, TestContext.Current.CancellationToken);
        Assert.Equal("", await RunAsync("groff", "-man", "-Tutf8", "-ww", "-z", "-K", "utf-8", "fts.1"));
    }

    [Theory]
    [InlineData("the port follows the host", "get", "--port", "21", "ftp://127.0.0.1/x")]
    [InlineData("the port follows the host", "client", "-P", "21")]
    [InlineData("the option is --user NAME", "ls", "-u", "ann", "ftp://127.0.0.1/")]
    [InlineData("the host is part of the URL", "ls", "--host=127.0.0.1")]
    [InlineData("a password is never an argument", "get", "--password", "x", "ftp://127.0.0.1/x")]
    [InlineData("use fts get -r, fts put -r or fts mirror", "mirror", "--recursive", "ftp://127.0.0.1/x", "y")]
    [InlineData("the option is --resume", "get", "-c", "ftp://127.0.0.1/x")]
    [InlineData("the port is the second argument", "server", "--port", "21")]
    [InlineData("did you mean --progress?", "get", "--progres", "ftp://127.0.0.1/x")]
    public async Task An_option_of_another_program_is_explained(string expected, params string[] arguments)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, arguments);
        Assert.Equal(2, code);
        Assert.Contains(expected, messages, StringComparison.Ordinal);
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private async Task WriteScriptAsync(string shell)
    {
        (int code, string script, string messages) = await RunningProgram.RunAsync(_folder.Path, ["completion", shell]);
        Assert.True(code == 0, messages);
        await File.WriteAllTextAsync(_folder["script"], script);
    }

    /// <summary>Runs a program in the folder. Returns everything that it prints.</summary>
    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using RunningProgram process = RunningProgram.StartFile(program, _folder.Path, arguments);
        process.CloseInput();
        await process.WaitForExitAsync();
        return process.Data + process.Messages;
    }
}
