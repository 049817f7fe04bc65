using Fts.Client.Filters;

namespace Fts.Client;

/// <summary>
/// Rules that include and exclude files of a tree by their paths. The rules and patterns are those of rclone (see
/// <see cref="AddRule"/>). Not thread-safe while rules are added.
/// </summary>
public sealed class FtpPathFilter
{
    private readonly List<PathRule> _rules = [];
    private bool _excludesOthers;

    /// <summary>Whether the filter has no rules, so that it includes everything.</summary>
    public bool IsEmpty => _rules.Count == 0;

    /// <summary>
    /// Adds a rule that includes the matching files. A filter with such a rule excludes files that no rule matches.
    /// </summary>
    /// <param name="pattern">The pattern; see <see cref="AddRule"/>.</param>
    /// <exception cref="FormatException">The pattern is invalid.</exception>
    public void AddInclude(string pattern)
    {
        _rules.Add(PathRule.Create(isInclude: true, pattern));
        _excludesOthers = true;
    }

    /// <summary>Adds a rule that excludes the matching files.</summary>
    /// <param name="pattern">The pattern; see <see cref="AddRule"/>.</param>
    /// <exception cref="FormatException">The pattern is invalid.</exception>
    public void AddExclude(string pattern) => _rules.Add(PathRule.Create(isInclude: false, pattern));

    /// <summary>
    /// Adds one line of a filter file: <c>+ PATTERN</c> includes, <c>- PATTERN</c> excludes, and <c>!</c> removes all earlier rules. An
    /// empty line and a line that starts with <c>#</c> or <c>;</c> have no effect. The first matching rule decides. A file that no rule
    /// matches is included, unless <see cref="AddInclude"/> was called.
    /// </summary>
    /// <remarks>
    /// In a pattern, <c>*</c> matches characters other than the slash, <c>**</c> matches all characters, and <c>?</c> matches one character
    /// other than the slash. <c>[a-z]</c> and <c>[!a-z]</c> match one character, <c>{a,b}</c> matches one of the patterns, and
    /// <c>{{…}}</c> contains a regular expression. A backslash makes the next character literal. A pattern with a leading slash matches
    /// from the root of the tree. Any other pattern matches the end of a path, from the start of a component. A pattern with a slash at its
    /// end matches everything below the directory.
    /// </remarks>
    /// <param name="line">The line, without its line end.</param>
    /// <exception cref="FormatException">The line is not a rule, or the pattern is invalid.</exception>
    public void AddRule(string line)
    {
        string rule = line.Trim();
        switch (rule)
        {
            case "" or ['#' or ';', ..]:
                break;
            case "!":
                _rules.Clear();
                _excludesOthers = false;
                break;
            case ['+' or '-', ' ', .. var pattern]:
                _rules.Add(PathRule.Create(isInclude: rule[0] == '+', pattern.Trim()));
                break;
            default:
                throw new FormatException($"'{rule}' must start with '+ ' or '- '");
        }
    }

    /// <summary>Returns whether a file is included.</summary>
    /// <param name="path">The path of the file below the root of the tree, with slashes, without a leading slash.</param>
    public bool IsIncluded(string path)
    {
        foreach (PathRule rule in _rules)
        {
            if (rule.IsMatch(path))
            {
                return rule.IsInclude;
            }
        }

        return !_excludesOthers;
    }

    /// <summary>
    /// Returns whether a directory can contain included files. Returns false only if a rule excludes everything below it, so that the
    /// directory does not need to be listed.
    /// </summary>
    /// <param name="path">The path of the directory below the root of the tree, with slashes, without a leading or trailing slash.</param>
    public bool CanContainFiles(string path)
    {
        foreach (PathRule rule in _rules)
        {
            if (rule.IsInclude)
            {
                return true;
            }

            if (rule.ExcludesTree(path))
            {
                return false;
            }
        }

        return true;
    }
}
