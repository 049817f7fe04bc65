using System.CommandLine;
using System.Text;

namespace Fts.Cli.Help;

/// <summary>Formats help pages as lines of at most 80 characters, with terms on the left and their descriptions on the right.</summary>
internal static class HelpFormatter
{
    private const int Width = 80, Indent = 2, Gap = 2;

    /// <summary>
    /// The column where descriptions of options start, counted from 0. Longer terms have their description on the next line.
    /// </summary>
    private const int OptionColumn = 28;

    /// <summary>Returns the page as text. The last line has no line end.</summary>
    public static string Format(HelpPage page)
    {
        var text = new StringBuilder();
        for (int i = 0; i < page.Usage.Count; i++)
        {
            text.Append(i == 0 ? "Usage: " : "       ").Append(page.Usage[i]).Append('\n');
        }

        text.Append('\n');
        AppendWrapped(text, page.Purpose, 0);
        AppendTable(text, "Examples", page.Examples, OptionColumn);
        AppendTable(text, page.ArgumentsHeading, page.Arguments, OptionColumn);
        foreach (OptionGroup group in page.OptionGroups)
        {
            AppendHeading(text, group.Heading);
            foreach (Option option in group.Options)
            {
                AppendOption(text, option);
            }
        }

        AppendTable(text, "Exit codes", page.ExitCodes, GetColumn(page.ExitCodes));
        foreach (string note in page.Notes)
        {
            text.Append('\n');
            AppendWrapped(text, note, 0);
        }

        return text.ToString().TrimEnd('\n');
    }

    private static void AppendTable(StringBuilder text, string heading, IReadOnlyList<HelpRow> rows, int column)
    {
        if (rows.Count == 0)
        {
            return;
        }

        AppendHeading(text, heading);
        foreach (HelpRow row in rows)
        {
            AppendRow(text, Indent, column, row.Term, row.Description);
        }
    }

    /// <summary>Appends the option, its placeholder and its description. The values of a choice follow, one per line.</summary>
    private static void AppendOption(StringBuilder text, Option option)
    {
        string repeatable = option is Option<string[]> ? "; may be repeated" : "";
        string names = string.Join(", ", option.Aliases.Append(option.Name));
        string term = option is Option<bool> ? names : $"{names} {option.HelpName}";
        AppendRow(text, Indent, OptionColumn, term, option.Description + repeatable);
        if (option is ChoiceOption { Choices: var choices })
        {
            int column = OptionColumn + Indent + choices.Max(choice => choice.Value.Length) + Gap;
            for (int i = 0; i < choices.Count; i++)
            {
                AppendRow(text, OptionColumn + Indent, column, choices[i].Value, choices[i].Meaning + (i == 0 ? " (default)" : ""));
            }
        }
    }

    private static void AppendHeading(StringBuilder text, string heading) => text.Append('\n').Append(heading).Append(":\n");

    private static void AppendRow(StringBuilder text, int indent, int column, string term, string description)
    {
        text.Append(' ', indent).Append(term);
        bool fits = indent + term.Length + Gap <= column;
        text.Append(fits ? "" : "\n").Append(' ', fits ? column - indent - term.Length : column);
        AppendWrapped(text, description, column);
    }

    /// <summary>
    /// Appends words, wrapped to the width of the page. The text must already end at the given column, at which the following lines start.
    /// </summary>
    private static void AppendWrapped(StringBuilder text, string words, int column)
    {
        int position = column;
        foreach (string word in words.Split(' '))
        {
            if (position > column && position + 1 + word.Length > Width)
            {
                text.Append('\n').Append(' ', column);
                position = column;
            }

            text.Append(position > column ? " " : "").Append(word);
            position += (position > column ? 1 : 0) + word.Length;
        }

        text.Append('\n');
    }

    /// <summary>Returns the column of descriptions after the longest term.</summary>
    private static int GetColumn(IReadOnlyList<HelpRow> rows) => Indent + rows.Select(row => row.Term.Length).DefaultIfEmpty().Max() + Gap;
}
