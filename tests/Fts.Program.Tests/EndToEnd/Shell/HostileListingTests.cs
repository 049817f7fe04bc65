using System.Text;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>Listings and files of servers that mean harm, or break: nothing is written where it was not meant to, and no failure looks like
/// an empty folder.</summary>
public sealed class HostileListingTests : IDisposable
{
    private const string Row = "-rw-r--r-- 1 o g 7 Jan  2  2020 ";

    private readonly TestFolder _folder = new();

    public HostileListingTests() => Directory.CreateDirectory(_folder["in"]);

    public void Dispose() => _folder.Dispose();

    private Task<(int Code, string Data, string Messages)> RunAsync(ScriptedServer server, string input) =>
        RunningProgram.RunAsync(_folder["in"], ["client", "127.0.0.1", server.Port], input);

    private string[] ListAllFiles() =>
        [.. Directory.EnumerateFiles(_folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(path => Path.GetRelativePath(_folder.Path, path)).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Names_that_lead_elsewhere_are_shown_and_never_fetched()
    {
        string outside = _folder["absolute"];
        string[] names = ["../evil", "..", ".", "sub/.profile", "sub/good2", outside, "back\\slash", "esc\e[2J", "nul\0", "cr\rDELE x",
            "good", "trick\u202etxt"];
        File.WriteAllText(Path.Combine(_folder["in"], ".profile"), "mine");
        using ScriptedServer server = ScriptedServer.StartWithListing(string.Concat(names.Select(name => $"{Row}{name}\r\n")));
        (int code, string data, string messages) = await RunAsync(server, "ls\nget *\nget .*\n");
        Assert.Equal(9, code);
        Assert.Equal(["in/.profile", "in/good", "in/trick\u202etxt"], ListAllFiles());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_folder["in"], ".profile")));
        Assert.Contains("../evil", data, StringComparison.Ordinal);
        Assert.Contains("esc\\x1b[2J", data, StringComparison.Ordinal);
        Assert.Contains("nul\\x00", data, StringComparison.Ordinal);
        Assert.Contains("cr\\x0dDELE x", data, StringComparison.Ordinal);
        Assert.Contains("'../evil' cannot be a local file name", messages, StringComparison.Ordinal);
        Assert.Contains("'sub/.profile' cannot be a local file name", messages, StringComparison.Ordinal);
        Assert.DoesNotContain(data + messages, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
    }

    [Theory]
    [InlineData("ls: cannot open \e[1m it\r\n", "",
        "error: ls: no line of the listing is in a known format; the first line is: ls: cannot open \\x1b[1m it")]
    [InlineData("<html>\r\n<p>what is this\r\n", "", "in a known format; the first line is: <html>")]
    [InlineData("", "451 cannot read the folder", "server: 451 cannot read the folder")]
    [InlineData(Row + "a\r\n", "426 cut off", "server: 426 cut off")]
    [InlineData("", "550 permission denied", "server: 550 permission denied")]
    public async Task A_listing_that_failed_shows_why_and_no_names(string lines, string ending, string said)
    {
        using ScriptedServer server = ScriptedServer.Start(
            ending.Length > 0 ? new() { ["LIST"] = ending } : [], new() { ["LIST"] = ScriptedServer.CreatePayload(lines) });
        (int code, string data, string messages) = await RunAsync(server, "ls\n");
        Assert.NotEqual(0, code);
        Assert.Empty(data);
        Assert.Contains(said, messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ls", 0, "? ?                    ls: x: \\x1b[1m denied",
        "warning: ls: a line of the server's listing is in an unknown format: ls: x: \\x1b[1m denied")]
    [InlineData("nlist", 9, "a\nb\n", "warning: nlist: a line of the server's listing is in an unknown format: ls: x: \\x1b[1m denied")]
    [InlineData("get *", 9, "", "warning: get: a line of the server's listing is in an unknown format: ls: x: \\x1b[1m denied")]
    [InlineData("mirror / .", 9, "", "1 line of unknown format in the server's listing")]
    public async Task An_odd_line_is_warned_of_and_the_others_count(string command, int expected, string shown, string said)
    {
        using ScriptedServer server = ScriptedServer.Start([], new()
        {
            ["LIST"] = ScriptedServer.CreatePayload($"{Row}a\r\nls: x: \e[1m denied\r\n{Row}b\r\n"),
            ["RETR"] = ScriptedServer.CreatePayload("content"),
        });
        (int code, string data, string messages) = await RunAsync(server, command + "\n");
        Assert.Equal(expected, code);
        Assert.Contains(shown, data, StringComparison.Ordinal);
        Assert.Contains(said, messages, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', data + messages);
        Assert.Equal(command[0] is 'g' or 'm' ? ["in/a", "in/b"] : [], ListAllFiles());
    }

    [Fact]
    public async Task An_empty_listing_is_one()
    {
        using ScriptedServer server = ScriptedServer.StartWithListing("");
        (int code, string data, string messages) = await RunAsync(server, "ls\n");
        Assert.Equal((0, ""), (code, data));
        Assert.DoesNotContain("error", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listing_that_never_ends_is_left()
    {
        byte[] many = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"{Row}a\r\n", 2000)));
        using ScriptedServer server = ScriptedServer.Start([], new()
        {
            ["LIST"] = async stream =>
            {
                while (true)
                {
                    await stream.WriteAsync(many);
                }
            },
        });
        (int code, string data, string messages) = await RunAsync(server, "ls\n");
        Assert.Equal(8, code);
        Assert.Empty(data);
        Assert.Contains("more than 1000000 entries", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_never_ends_is_left_and_told_in_brief()
    {
        using ScriptedServer server = ScriptedServer.StartWithListing(new string('x', 10_000_000));
        (int code, string data, string messages) = await RunAsync(server, "ls\n");
        Assert.NotEqual(0, code);
        Assert.Empty(data);
        Assert.Contains("a line of the listing exceeds the limit of 16384 bytes: xxx", messages, StringComparison.Ordinal);
        Assert.InRange(messages.Length, 1, 1000);
    }

    [Fact]
    public async Task A_refusal_of_100_KB_is_three_lines_at_most()
    {
        string text = string.Concat(Enumerable.Repeat("550-no\e[31m and no\r\n", 5000)) + $"550 {new string('n', 15_000)}";
        using ScriptedServer server = ScriptedServer.Start(new() { ["DELE"] = text }, []);
        (int code, _, string messages) = await RunAsync(server, "rm a\n");
        Assert.Equal(6, code);
        string error = messages[messages.IndexOf("error: ", StringComparison.Ordinal)..];
        Assert.InRange(error.Count(c => c == '\n'), 1, 3);
        Assert.InRange(error.Length, 1, 1000);
        Assert.DoesNotContain(error, c => char.IsControl(c) && c != '\n');
    }

    [Theory]
    [InlineData("213 9", "226 done", 8, "7 of 9 bytes arrived; nothing was kept")]
    [InlineData("502 no", "451 the disk broke", 8, "server: 451 the disk broke")]
    [InlineData("502 no", "350 go on", 1, "server: 350 go on")]
    public async Task A_download_that_is_not_whole_leaves_the_file_that_was_there(string size, string ending, int expected, string said)
    {
        File.WriteAllText(Path.Combine(_folder["in"], "a"), "mine");
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["SIZE"] = size, ["RETR"] = ending }, new() { ["RETR"] = ScriptedServer.CreatePayload("content") });
        (int code, _, string messages) = await RunAsync(server, "get --overwrite a\n");
        Assert.Equal(expected, code);
        Assert.Contains(said, messages, StringComparison.Ordinal);
        Assert.Equal(["in/a"], ListAllFiles());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_folder["in"], "a")));
    }

    [Fact]
    public async Task After_passive_replies_without_a_port_the_last_reply_is_quoted()
    {
        using ScriptedServer server =
            ScriptedServer.Start(new() { ["EPSV"] = "229 guess", ["PASV"] = "227 guess", ["PORT"] = "500 guess\e[1m" }, []);
        (int code, string data, string messages) = await RunAsync(server, "ls\n");
        Assert.Equal((1, ""), (code, data));
        Assert.Contains("server: 500 guess\\x1b[1m", messages, StringComparison.Ordinal);
    }
}
