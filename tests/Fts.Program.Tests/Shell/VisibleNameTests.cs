using System.Text;
using Fts.Client;

namespace Fts.ProgramTests.Shell;

/// <summary>Names in the form that is displayed and typed.</summary>
public sealed class VisibleNameTests
{
    private static readonly string[] Pieces =
        ["\\", "\\", "x", "u", "U", "5", "c", "C", "e9", "E9", "80", "7f", "0", "ff", "202e", "000e0001", "a", " ", "\u00e9", "\u00ad",
            "\u202e", "\U000e0001", "\U0001f600", "\udce9", "\udc80"];

    [Theory]
    [InlineData("a\\xe9.txt", "a\\x5cxe9.txt")]
    [InlineData("a{E9}.txt", "a\\xe9.txt")]
    [InlineData("a\\x5cxe9.txt", "a\\x5cx5cxe9.txt")]
    [InlineData("a\\x5C", "a\\x5cx5C")]
    [InlineData("\\{E9}", "\\\\xe9")]
    [InlineData("a\\x41\\b", "a\\x41\\b")]
    [InlineData("a\u00adb", "a\\u00adb")]
    [InlineData("a\\u00adb", "a\\x5cu00adb")]
    [InlineData("\u202e\U000e0001", "\\u202e\\U000e0001")]
    [InlineData("\\u0041\\ud800\\U00000041", "\\u0041\\ud800\\U00000041")]
    public void No_two_names_are_displayed_alike(string name, string visible)
    {
        // The text of an attribute cannot contain a lone surrogate.
        name = name.Replace("{E9}", "\udce9", StringComparison.Ordinal);
        Assert.Equal(visible, FtpName.Escape(name));
        Assert.Equal(name, FtpName.Unescape(visible));
    }

    [Fact]
    public void A_displayed_name_is_read_as_that_name()
    {
        var random = new Random(5);
        for (int i = 0; i < 20_000; i++)
        {
            var name = new StringBuilder();
            for (int length = random.Next(8); length >= 0; length--)
            {
                name.Append(Pieces[random.Next(Pieces.Length)]);
            }

            Assert.Equal(name.ToString(), FtpName.Unescape(FtpName.Escape(name.ToString())));
        }
    }
}
