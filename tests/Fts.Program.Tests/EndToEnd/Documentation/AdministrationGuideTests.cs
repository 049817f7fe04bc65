using System.Globalization;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Documentation;

/// <summary>Runs each command in the pages for administrators, in order, and compares the printed outputs.</summary>
public sealed partial class AdministrationGuideTests
{
    [Fact]
    public async Task Each_command_of_the_page_works_and_prints_what_the_page_shows()
    {
        await using var machine = GuideMachine.Start();
        await RunAsync(machine, "administration.md", PageRules.Administration, minCommands: 80);
        await CheckResultAsync(machine);
    }

    [Fact]
    public async Task Each_command_of_the_page_about_the_server_works()
    {
        await using var machine = GuideMachine.Start();
        File.CreateSymbolicLink(machine.ProgramLink, PublishedProgram.Path);
        await RunAsync(machine, "server.md", PageRules.Server, minCommands: 12);
    }

    [Fact]
    public async Task Each_command_of_the_page_about_the_client_works()
    {
        await using var machine = GuideMachine.Start();
        File.CreateSymbolicLink(machine.ProgramLink, PublishedProgram.Path);
        (int code, string output) = await machine.RunAsync(
            $"mkdir /srv/ftp; fts server 127.0.0.1 {machine.Port} --folder /srv/ftp >~/server.log 2>&1 &\n"
            + "touch ~/server.log; timeout 60 tail -s 0.1 -n +1 -f ~/server.log | grep -q -m1 'stop      Ctrl-C'");
        Assert.True(code == 0, output);
        await RunAsync(machine, "client.md", PageRules.Client, minCommands: 20);
        Assert.True(machine.Exists("/srv/ftp/backup/www/index.html"));
        Assert.False(machine.Exists("/srv/ftp/backup/www/cache"));
        Assert.False(machine.Exists("/srv/ftp/in/old.tmp"));
        await machine.RunAsync("kill %1");
    }

    [Theory]
    [InlineData("```\nfts status\n```\n", "line 1: the block has no language")]
    [InlineData("text\n```text\na\n  sudo fts status\n```\n", "line 4: a command is in a block of another language than sh and console")]
    [InlineData("```json\n$ ls\n```\n", "line 2: a command is in a block of another language than sh and console")]
    [InlineData("```console\nls\n```\n", "line 2: the block does not start with a command")]
    public void A_command_cannot_hide_from_the_test(string page, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => PageCommand.Read(page)).Message);

    [Fact]
    public void Commands_are_read_with_their_lines_exit_codes_and_outputs()
    {
        const string Text = "```sh\na \\\n  b\ncat > f <<'END'\n$x\nEND\nc   # exit code 4: no\n```\n"
            + "```console\n$ d\none\n\ntwo\n$ e\n```\n";
        Assert.Equal(
            [
                new PageCommand(2, "a \\\n  b", 0, null), new PageCommand(4, "cat > f <<'END'\n$x\nEND", 0, null),
                new PageCommand(7, "c   # exit code 4: no", 4, null), new PageCommand(10, "d", 0, "one\n\ntwo"),
                new PageCommand(14, "e", 0, ""),
            ],
            PageCommand.Read(Text));
    }

    [Theory]
    [InlineData("a\nb", "a\nb", true)]
    [InlineData("a\nb\nc", "...\nc", true)]
    [InlineData("a\nb\nc", "a\n...", true)]
    [InlineData("a\nb\nc", "a\nc", false)]
    [InlineData("a.", "ab", false)]
    [InlineData("a   b", "a  b", true)]
    [InlineData("abcd-efgh-jkmn-2345", "zzzz-yyyy-xxxx-9999", true)]
    public void Outputs_match_except_for_omitted_lines_and_passwords(string output, string expected, bool isExpected) =>
        Assert.Equal(isExpected, IsExpected(output, expected));

    /// <summary>Checks the server that the commands set up.</summary>
    private static async Task CheckResultAsync(GuideMachine machine)
    {
        // The unit starts the link, so that an update of the link counts.
        Assert.Contains("\nExecStart=\"/usr/local/bin/fts\" server --config \"/etc/fts/fts.json\"\n",
            machine.Read("/etc/systemd/user/fts.service"), StringComparison.Ordinal);
        Assert.True(machine.Exists("/srv/ftp/ann/in/report.txt"));
        Assert.Contains(" stored /in/report.txt: ", machine.Read("/var/log/fts/server.log"), StringComparison.Ordinal);
        (int code, string output) = await machine.RunAsync("fts status && ls -l /proc/$(cat $GUIDE_ROOT/run/id)/exe");
        Assert.Equal(0, code);
        Assert.Contains("/opt/fts-2/fts", output, StringComparison.Ordinal); // the update runs
        (_, output) = await machine.RunAsync("fts events verify");
        Assert.Contains(", unchanged", output, StringComparison.Ordinal);
    }

    /// <summary>Runs all commands of a page.</summary>
    private static async Task RunAsync(GuideMachine machine, string page, PageRules rules, int minCommands)
    {
        foreach (string preparation in rules.Preparations)
        {
            (int code, string output) = await machine.RunAsync(preparation);
            Assert.True(code == 0, $"{preparation}\n{output}");
        }

        HashSet<string> unused = [.. rules.Replacements.Select(rule => rule.Pattern), .. rules.Failures.Select(rule => rule.Command)];
        IReadOnlyList<PageCommand> commands = PageCommand.Read(File.ReadAllText(Path.Combine(Repository.Root, "docs", page)));
        Assert.True(commands.Count >= minCommands, $"only {commands.Count} commands found");
        foreach (PageCommand command in commands)
        {
            string text = Replace(command.Text, machine, rules, unused);
            (string Command, int ExitCode, string Reason) failure = rules.Failures.FirstOrDefault(
                failure => command.Text.StartsWith(failure.Command, StringComparison.Ordinal));
            unused.Remove(failure.Command ?? "");
            (int code, string output) = await machine.RunAsync(text);
            Assert.True(
                code == (failure.Command is null ? command.ExitCode : failure.ExitCode),
                $"docs/{page}:{command.Line}: {command.Text}\nexit code {code}, output:\n{output}");
            Assert.True(
                command.Output is null || IsExpected(output, command.Output),
                $"docs/{page}:{command.Line}: {command.Text}\nexpected:\n{command.Output}\nbut the output is:\n{output}");
        }

        Assert.Empty(unused);
    }

    private static string Replace(string text, GuideMachine machine, PageRules rules, HashSet<string> unused)
    {
        foreach ((string pattern, string replacement, _) in rules.Replacements)
        {
            string replaced = Regex.Replace(text, pattern, replacement);
            if (replaced != text)
            {
                unused.Remove(pattern);
            }

            text = replaced;
        }

        return text
            .Replace("{port}", machine.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{metrics}", machine.MetricsPort.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    /// <summary>Compares an output with that in the page, in which a line <c>...</c> stands for any lines.</summary>
    private static bool IsExpected(string output, string expected)
    {
        string pattern = Regex.Escape(HideValues(expected)).Replace("\\n", "\n", StringComparison.Ordinal);
        pattern = Regex.Replace(pattern, @"(?<=\A|\n)\\\.\\\.\\\.(?=\n|\z)", "(?s:.*)");
        return Regex.IsMatch(HideValues(output), $@"\A{pattern}\z");
    }

    /// <summary>Replaces the values that differ between two runs: generated passwords, and the widths of columns.</summary>
    private static string HideValues(string text) => ColumnPattern().Replace(PasswordPattern().Replace(text, "PASSWORD"), "  ");

    [GeneratedRegex(" {2,}")]
    private static partial Regex ColumnPattern();

    [GeneratedRegex("[a-z2-9]{4}(-[a-z2-9]{4}){3}")]
    private static partial Regex PasswordPattern();
}
