using Fts.Cli;
using Fts.Shell;

namespace Fts.ProgramTests.Shell;

/// <summary>Typed lines become words.</summary>
public sealed class ShellLineParserTests
{
    [Theory]
    [InlineData("put a b", "put|a|b")]
    [InlineData("  put \t a  ", "put|a")]
    [InlineData("put 'two words' \"three \\\" words\"", "put|two words|three \" words")]
    [InlineData("put two\\ words", "put|two words")]
    [InlineData("put C:\\files\\a.txt", "put|C:\\files\\a.txt")]
    [InlineData("put a\"b c\"d", "put|ab cd")]
    [InlineData("put \"\" ''", "put||")]
    [InlineData("put 'back\\slash'", "put|back\\slash")]
    [InlineData("put \\", "put|\\")]
    [InlineData("", "")]
    public void Quotes_and_backslashes_keep_spaces_in_a_word(string line, string words) =>
        Assert.Equal(words, string.Join('|', ShellLineParser.SplitWords(line)));

    [Theory]
    [InlineData("get *.txt", true)]
    [InlineData("get a?", true)]
    [InlineData("get \"*.txt\"", false)]
    [InlineData("get \\*.txt", false)]
    [InlineData("get a.txt", false)]
    public void A_star_is_a_pattern_outside_quotes_only(string line, bool isPattern) =>
        Assert.Equal(isPattern, ShellLineParser.SplitWords(line)[1].IsPattern);

    [Theory]
    [InlineData("put \"a")]
    [InlineData("put 'a b")]
    public void A_quote_that_is_not_closed_is_a_mistake(string line) =>
        Assert.Equal(ExitCode.UsageError, Assert.Throws<UserErrorException>(() => ShellLineParser.SplitWords(line)).Error.ExitCode);

    [Theory]
    [InlineData("put a", 4, "a")]
    [InlineData("put ", 4, "")]
    [InlineData("put two\\ w", 4, "two w")]
    [InlineData("put \"two w", 4, "two w")]
    [InlineData("pu", 0, "pu")]
    [InlineData("", 0, "")]
    public void The_last_word_is_found_with_its_start(string line, int start, string word) =>
        Assert.Equal((start, word), ShellLineParser.GetLastWord(line));

    [Theory]
    [InlineData("plain")]
    [InlineData("two words")]
    [InlineData("it's \"*\" \\ ?#")]
    public void An_escaped_name_is_read_as_that_name(string name) =>
        Assert.Equal([new ShellWord("get"), new ShellWord(name)], ShellLineParser.SplitWords("get " + ShellLineParser.Escape(name)));
}
