using Fts.Client;

namespace Fts.ClientTests.Filters;

/// <summary>The rules and the examples of https://rclone.org/filtering/.</summary>
public sealed class FtpPathFilterTests
{
    [Theory]
    [InlineData("file.jpg", "file.jpg", true)]
    [InlineData("file.jpg", "directory/file.jpg", true)]
    [InlineData("file.jpg", "afile.jpg", false)]
    [InlineData("file.jpg", "directory/afile.jpg", false)]
    [InlineData("/file.jpg", "file.jpg", true)]
    [InlineData("/file.jpg", "directory/file.jpg", false)]
    [InlineData("*.jpg", "file.jpg", true)]
    [InlineData("*.jpg", "directory/file.jpg", true)]
    [InlineData("*.jpg", "file.jpg/anotherfile.png", false)]
    [InlineData("dir/**", "dir/file.jpg", true)]
    [InlineData("dir/**", "dir/dir1/dir2/file.jpg", true)]
    [InlineData("dir/**", "directory/file.jpg", false)]
    [InlineData("dir/**", "adir/file.jpg", false)]
    [InlineData("dir/", "a/dir/x", true)]
    [InlineData("dir/", "dir", false)]
    [InlineData("*.{png,jpg}", "file.png", true)]
    [InlineData("*.{png,jpg}", "file.svg", false)]
    [InlineData("?[0-9][!x]", "a1y", true)]
    [InlineData("?[0-9][!x]", "a1x", false)]
    [InlineData("[!a]", "/", false)]
    [InlineData("a?b", "a/b", false)]
    [InlineData("a*b", "a/b", false)]
    [InlineData("a**b", "a/x/b", true)]
    [InlineData(@"\*.txt", "*.txt", true)]
    [InlineData(@"\*.txt", "a.txt", false)]
    [InlineData("a,b", "a,b", true)]
    [InlineData("x.y", "xzy", false)]
    [InlineData("{{[a-c]+}}.txt", "dir/abc.txt", true)]
    [InlineData("{{[a-c]+}}.txt", "abd.txt", false)]
    [InlineData("[]a]", "]", true)]
    [InlineData("*.JPG", "a.jpg", false)]
    public void A_pattern_matches_as_in_rclone(string pattern, string path, bool isMatch)
    {
        var filter = new FtpPathFilter();
        filter.AddExclude(pattern);
        Assert.Equal(!isMatch, filter.IsIncluded(path));
        var including = new FtpPathFilter();
        including.AddInclude(pattern);
        Assert.Equal(isMatch, including.IsIncluded(path));
    }

    [Fact]
    public void The_first_matching_rule_decides()
    {
        var filter = new FtpPathFilter();
        foreach (string line in (string[])
        [
            "# a comment", "; another", "", "- secret*.jpg", "+ *.jpg", "  + *.png  ", "+ file2.avi", "- /dir/Trash/**", "+ /dir/**", "- *",
        ])
        {
            filter.AddRule(line);
        }

        Assert.True(filter.IsIncluded("file1.jpg"));
        Assert.True(filter.IsIncluded("a/file2.avi"));
        Assert.True(filter.IsIncluded("dir/any"));
        Assert.False(filter.IsIncluded("secret17.jpg"));
        Assert.False(filter.IsIncluded("dir/Trash/x"));
        Assert.False(filter.IsIncluded("other.avi"));
    }

    [Fact]
    public void An_exclamation_mark_removes_the_earlier_rules()
    {
        var filter = new FtpPathFilter();
        filter.AddInclude("*.jpg");
        filter.AddRule("!");
        Assert.True(filter.IsEmpty);
        Assert.True(filter.IsIncluded("a.txt"));
    }

    [Theory]
    [InlineData("/cache/", "cache", false)]
    [InlineData("cache/**", "a/cache", false)]
    [InlineData("cache", "cache", true)]
    [InlineData("*.jpg", "a", true)]
    [InlineData("**", "a", false)]
    public void A_directory_is_not_listed_if_everything_in_it_is_excluded(string pattern, string directory, bool expected)
    {
        var filter = new FtpPathFilter();
        filter.AddExclude(pattern);
        Assert.Equal(expected, filter.CanContainFiles(directory));
    }

    [Fact]
    public void A_directory_is_listed_if_an_earlier_rule_may_include_its_files()
    {
        var filter = new FtpPathFilter();
        filter.AddRule("+ keep.txt");
        filter.AddRule("- cache/");
        Assert.True(filter.CanContainFiles("cache"));
        Assert.True(filter.IsIncluded("cache/keep.txt"));
        Assert.False(filter.IsIncluded("cache/x"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[a")]
    [InlineData("{a")]
    [InlineData("a}")]
    [InlineData("{{a")]
    [InlineData("{{(}}")]
    [InlineData("a\\")]
    public void An_invalid_pattern_throws(string pattern) =>
        Assert.Throws<FormatException>(() => new FtpPathFilter().AddExclude(pattern));

    [Fact]
    public void A_rule_without_a_sign_throws() => Assert.Throws<FormatException>(() => new FtpPathFilter().AddRule("*.jpg"));

    [Fact]
    public void Random_patterns_match_as_a_direct_implementation_does()
    {
        var random = new Random(15);
        for (int i = 0; i < 20_000; i++)
        {
            string pattern = Create(random, "ab/*?", 6), path = Create(random, "ab/", 6).Trim('/');
            if (pattern.Trim('/').Length == 0 || path.Length == 0)
            {
                continue;
            }

            var filter = new FtpPathFilter();
            filter.AddExclude(pattern);
            bool expected = IsMatch(pattern, path);
            Assert.True(expected == !filter.IsIncluded(path), $"'{pattern}' and '{path}': {expected}");
            if (!filter.CanContainFiles(path))
            {
                Assert.False(filter.IsIncluded($"{path}/x"), $"'{pattern}' and '{path}'");
            }
        }
    }

    private static string Create(Random random, string characters, int maxLength) =>
        string.Concat(Enumerable.Range(0, random.Next(1, maxLength + 1)).Select(_ => characters[random.Next(characters.Length)]));

    /// <summary>Tries every start and every length, which is slow but obvious.</summary>
    private static bool IsMatch(string pattern, string path)
    {
        string full = pattern.EndsWith('/') ? pattern + "**" : pattern;
        return full.StartsWith('/')
            ? IsMatchAt(full.AsSpan(1), path)
            : Enumerable.Range(0, path.Length).Any(start => (start == 0 || path[start - 1] == '/') && IsMatchAt(full, path.AsSpan(start)));
    }

    private static bool IsMatchAt(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        if (pattern.IsEmpty)
        {
            return text.IsEmpty;
        }

        if (pattern.StartsWith("**"))
        {
            return IsMatchAt(pattern[2..], text) || (!text.IsEmpty && IsMatchAt(pattern, text[1..]));
        }

        if (pattern[0] == '*')
        {
            return IsMatchAt(pattern[1..], text) || (!text.IsEmpty && text[0] != '/' && IsMatchAt(pattern, text[1..]));
        }

        return !text.IsEmpty && (pattern[0] == '?' ? text[0] != '/' : text[0] == pattern[0]) && IsMatchAt(pattern[1..], text[1..]);
    }
}
