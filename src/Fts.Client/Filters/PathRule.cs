using System.Text.RegularExpressions;

namespace Fts.Client.Filters;

/// <summary>One rule of an <see cref="FtpPathFilter"/>.</summary>
internal sealed class PathRule
{
    private readonly Regex _regex;
    private readonly bool _matchesTrees; // the pattern ends with a slash or **, so that it matches everything below a directory

    private PathRule(bool isInclude, Regex regex, bool matchesTrees) =>
        (IsInclude, _regex, _matchesTrees) = (isInclude, regex, matchesTrees);

    /// <summary>Whether the rule includes the matching files.</summary>
    public bool IsInclude { get; }

    /// <summary>Creates a rule.</summary>
    /// <exception cref="FormatException">The pattern is invalid.</exception>
    public static PathRule Create(bool isInclude, string pattern)
    {
        if (pattern.Length == 0)
        {
            throw new FormatException("a pattern is empty");
        }

        string full = pattern.EndsWith('/') ? pattern + "**" : pattern;
        string expression = FilterPattern.ToRegularExpression(full);
        try
        {
            // This engine takes linear time for every pattern, so that a pattern cannot make the client hang.
            var regex = new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
            return new PathRule(isInclude, regex, full.EndsWith("**", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"the pattern '{pattern}' is invalid: {e.Message}", e);
        }
    }

    /// <summary>Returns whether the pattern matches a path.</summary>
    public bool IsMatch(string path) => _regex.IsMatch(path);

    /// <summary>Returns whether the rule excludes every file below a directory.</summary>
    public bool ExcludesTree(string path) => !IsInclude && _matchesTrees && _regex.IsMatch($"{path}/");
}
