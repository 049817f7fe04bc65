using Fts.Shell.Editing;

namespace Fts.ProgramTests.Shell.Editing;

/// <summary>Ctrl-R shows only lines that contain the typed text.</summary>
public sealed class HistorySearchTests
{
    private const char CtrlR = '\x12', Backspace = '\x7f';

    [Theory]
    [InlineData("kd", "mkdir two", "(search 'kd') ")]
    [InlineData("kd\x12", "mkdir one", "(search 'kd') ")]
    [InlineData("kd\x12\x12", "mkdir one", "(search 'kd') ")]
    [InlineData("kdx", "", "(no match for 'kdx') ")]
    [InlineData("kdx\x12", "", "(no match for 'kdx') ")]
    [InlineData("kdx\x7f", "mkdir two", "(search 'kd') ")]
    [InlineData("k\x7f", "typed", "(search '') ")]
    [InlineData("kdxyz", "", "(no match for 'kdxyz') ")]
    public void The_line_of_a_search_contains_the_text(string keys, string line, string prompt)
    {
        var search = new HistorySearch(["rm all", "mkdir one", "mkdir two"], "typed");
        string? found = null;
        foreach (char key in keys)
        {
            found = search.HandleKey(key switch
            {
                CtrlR => new ConsoleKeyInfo(key, ConsoleKey.R, false, false, true),
                Backspace => new ConsoleKeyInfo(key, ConsoleKey.Backspace, false, false, false),
                _ => new ConsoleKeyInfo(key, ConsoleKey.None, false, false, false),
            });
        }

        Assert.Equal((line, prompt), (found, search.Prompt));
    }
}
