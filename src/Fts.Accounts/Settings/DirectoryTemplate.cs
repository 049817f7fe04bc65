using System.Text;

namespace Fts.Accounts.Settings;

/// <summary>
/// The text form of a home directory or mounted directory: an absolute path on the server's machine, in which <c>%u</c> expands to the name
/// of the account, and <c>%%</c> to <c>%</c>.
/// </summary>
public static class DirectoryTemplate
{
    /// <summary>Returns why a text is not a valid template, as the end of a sentence, or null if it is valid.</summary>
    public static string? FindProblem(string? template)
    {
        if (string.IsNullOrEmpty(template) || !Path.IsPathFullyQualified(template))
        {
            return "must be an absolute path";
        }

        if (template.Any(char.IsControl))
        {
            return "must not contain control characters";
        }

        for (int at = template.IndexOf('%'); at >= 0; at = at + 2 <= template.Length ? template.IndexOf('%', at + 2) : -1)
        {
            if (at + 1 == template.Length || template[at + 1] is not ('u' or '%'))
            {
                return "must contain % only as %u (the account's name) or %%";
            }
        }

        return HasRelativePart(template) ? "must not contain the components . or .." : null;
    }

    /// <summary>Returns the directory of an account.</summary>
    /// <param name="template">A valid template (<see cref="FindProblem"/>).</param>
    /// <param name="accountName">The name of the account.</param>
    /// <exception cref="ArgumentException">
    /// The template or the name is not valid. The result could otherwise be outside the directory that the administrator intended.
    /// </exception>
    public static string Expand(string template, string accountName)
    {
        if (FindProblem(template) is { } problem)
        {
            throw new ArgumentException($"The directory {problem}.", nameof(template));
        }

        if (AccountName.FindProblem(accountName) is { } nameProblem)
        {
            throw new ArgumentException($"The account name {nameProblem}.", nameof(accountName));
        }

        var result = new StringBuilder();
        for (int at = 0; at < template.Length; at++)
        {
            if (template[at] == '%')
            {
                at++;
                result.Append(template[at] == 'u' ? accountName : "%");
            }
            else
            {
                result.Append(template[at]);
            }
        }

        string path = result.ToString();
        return HasRelativePart(path)
            ? throw new ArgumentException("The directory contains the component . or .. after the expansion of %u.", nameof(template))
            : path;
    }

    /// <summary>
    /// Returns the expanded text before the first account name, or null if the template does not contain the name. The directory of this
    /// text contains the directories of all accounts.
    /// </summary>
    /// <param name="template">A valid template (<see cref="FindProblem"/>).</param>
    public static string? GetTextBeforeName(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        for (int at = template.IndexOf('%'); at >= 0 && at + 1 < template.Length; at = template.IndexOf('%', at + 2))
        {
            if (template[at + 1] == 'u')
            {
                return template[..at].Replace("%%", "%", StringComparison.Ordinal);
            }
        }

        return null;
    }

    private static bool HasRelativePart(string path) =>
        path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Any(part => part is "." or "..");
}
