using System.Globalization;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Documentation;

/// <summary>Runs each command in <c>docs/administration.md</c>, in order, and compares the printed outputs.</summary>
public sealed partial class AdministrationGuideTests
{
    /// <summary>
    /// The texts of commands that the test replaces. <c>{port}</c> and <c>{metrics}</c> are free ports. Each replacement must be used.
    /// </summary>
    /// <remarks>
    /// <see cref="GuideMachine"/> also moves the directories of the system into a directory of the test, and <see cref="GuideTools"/>
    /// replaces systemctl, chown, certbot and ufw.
    /// </remarks>
    private static readonly (string Pattern, string Replacement, string Reason)[] Replacements =
    [
        (@"""port"": 21,", @"""port"": {port},", "the test may use free ports only"),
        (@"""ip"": ""0\.0\.0\.0""", @"""ip"": ""127.0.0.1""", "the test may use the loopback address only"),
        ("9121", "{metrics}", "the test may use free ports only"),
        (@"ftp://ann@ftp\.example\.com/", "ftp://ann@127.0.0.1:{port}/", "the server runs on this machine"),
        ("^fts service install --folder /srv/ftp$", "fts service install --user --port {port} --folder /srv/ftp",
            "the service of the system writes to the real /etc"),
        ("^fts service install$", "fts service install --user", "the service of the system writes to the real /etc"),
        ("^fts user add bob --home /srv/ftp/bob ", "fts user add bob --home /srv/ftp/bob --generate ", "a typed password needs a terminal"),
        ("^fts server ", "fts config check ", "the server would not end"),
    ];

    /// <summary>The commands whose object does not exist in the test, with their exit codes.</summary>
    private static readonly (string Command, int ExitCode, string Reason)[] Failures =
    [
        ("fts kick 17 --reason 'Maintenance.'", 6, "no session has the number 17"),
        ("fts events show 4711", 6, "no event has the number 4711"),
        ("fts events replay --since 2h --target webhook", 6, "the server of the page has no web hook"),
    ];

    private static string Page => File.ReadAllText(Path.Combine(Repository.Root, "docs", "administration.md"));

    [Fact]
    public async Task Each_command_of_the_page_works_and_prints_what_the_page_shows()
    {
        await using var machine = GuideMachine.Start();
        HashSet<string> unused = [.. Replacements.Select(replacement => replacement.Pattern), .. Failures.Select(failure => failure.Command)];
        IReadOnlyList<PageCommand> commands = PageCommand.Read(Page);
        Assert.True(commands.Count > 80, $"only {commands.Count} commands found");
        foreach (PageCommand command in commands)
        {
            string text = Replace(command.Text, machine, unused);
            (string Command, int ExitCode, string Reason) failure = Failures.FirstOrDefault(
                failure => command.Text.StartsWith(failure.Command, StringComparison.Ordinal));
            unused.Remove(failure.Command ?? "");
            (int code, string output) = await machine.RunAsync(text);
            Assert.True(
                code == (failure.Command is null ? command.ExitCode : failure.ExitCode),
                $"docs/administration.md:{command.Line}: {command.Text}\nexit code {code}, output:\n{output}");
            Assert.True(
                command.Output is null || IsExpected(output, command.Output),
                $"docs/administration.md:{command.Line}: {command.Text}\nexpected:\n{command.Output}\nbut the output is:\n{output}");
        }

        Assert.Empty(unused);
        await CheckResultAsync(machine);
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

    private static string Replace(string text, GuideMachine machine, HashSet<string> unused)
    {
        foreach ((string pattern, string replacement, _) in Replacements)
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

    /// <summary>Replaces the values that differ between two runs: generated passwords.</summary>
    private static string HideValues(string text) => PasswordPattern().Replace(text, "PASSWORD");

    [GeneratedRegex("[a-z2-9]{4}(-[a-z2-9]{4}){3}")]
    private static partial Regex PasswordPattern();
}
