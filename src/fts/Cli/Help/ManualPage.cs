using System.CommandLine;
using System.Text;

namespace Fts.Cli.Help;

/// <summary>Formats the help pages of all subcommands as the manual page fts(1), in the macros of man(7).</summary>
internal static class ManualPage
{
    /// <summary>Returns the page.</summary>
    /// <param name="version">The version of the program.</param>
    /// <param name="overview">The page of the program.</param>
    /// <param name="commands">The names and pages of the subcommands.</param>
    public static string Format(string version, HelpPage overview, IEnumerable<(string Name, HelpPage Page)> commands)
    {
        var text = new StringBuilder();
        text.Append($".TH FTS 1 \"\" \"fts {Escape(version)}\" \"User Commands\"\n");
        text.Append(".SH NAME\nfts \\- an FTP and FTPS server and client\n.SH SYNOPSIS\n");
        foreach (string usage in overview.Usage)
        {
            text.Append($".B {Escape(usage)}\n.br\n");
        }

        text.Append(".SH DESCRIPTION\n").Append(Line(overview.Purpose));
        AppendNotes(text, overview);
        text.Append(".SH EXAMPLES\n");
        AppendRows(text, overview.Examples);
        text.Append(".SH COMMANDS\n");
        foreach ((string name, HelpPage page) in commands)
        {
            AppendCommand(text, name, page);
        }

        return text.ToString();
    }

    private static void AppendCommand(StringBuilder text, string name, HelpPage page)
    {
        text.Append($".SS {Escape(name)}\n");
        foreach (string usage in page.Usage)
        {
            text.Append($".B {Escape(usage)}\n.br\n");
        }

        text.Append(".PP\n").Append(Line(page.Purpose));
        AppendHeadedRows(text, page.ArgumentsHeading, page.Arguments);
        foreach (OptionGroup group in page.OptionGroups)
        {
            text.Append($".PP\n.I {Escape(group.Heading)}\n");
            foreach (Option option in group.Options)
            {
                string names = string.Join(", ", option.Aliases.Append(option.Name));
                text.Append(".TP\n.B ").Append(Escape(option is Option<bool> ? names : $"{names} {option.HelpName}")).Append('\n');
                text.Append(Line(option.Description ?? ""));
                if (option is ChoiceOption { Choices: var choices })
                {
                    foreach ((string value, string meaning) in choices)
                    {
                        string suffix = value == choices[0].Value ? " (default)" : "";
                        text.Append($".br\n.I {Escape(value)}\n").Append(Line(meaning + suffix));
                    }
                }
            }
        }

        AppendHeadedRows(text, "Exit codes", page.ExitCodes);
        AppendHeadedRows(text, "Examples", page.Examples);
        AppendNotes(text, page);
    }

    private static void AppendHeadedRows(StringBuilder text, string heading, IReadOnlyList<HelpRow> rows)
    {
        if (rows.Count > 0)
        {
            text.Append($".PP\n.I {Escape(heading)}\n");
            AppendRows(text, rows);
        }
    }

    private static void AppendRows(StringBuilder text, IReadOnlyList<HelpRow> rows)
    {
        foreach (HelpRow row in rows)
        {
            text.Append(".TP\n.B ").Append(Escape(row.Term)).Append('\n').Append(Line(row.Description));
        }
    }

    private static void AppendNotes(StringBuilder text, HelpPage page)
    {
        foreach (string note in page.Notes)
        {
            text.Append(".PP\n").Append(Line(note));
        }
    }

    /// <summary>Returns a line of text. A line that starts with a dot or an apostrophe would be a request of the formatter.</summary>
    private static string Line(string text)
    {
        string escaped = Escape(text);
        return $"{(escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" : "")}{escaped}\n";
    }

    /// <summary>Returns a text with its backslashes, hyphens and quotes escaped, so that they can be copied from the page.</summary>
    private static string Escape(string text) => text.Replace("\\", "\\e", StringComparison.Ordinal)
        .Replace("-", "\\-", StringComparison.Ordinal).Replace("'", "\\(aq", StringComparison.Ordinal)
        .Replace("\"", "\\(dq", StringComparison.Ordinal).Replace("~", "\\(ti", StringComparison.Ordinal)
        .Replace("^", "\\(ha", StringComparison.Ordinal).Replace("…", "...", StringComparison.Ordinal);
}
