using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.ProgramTests.EndToEnd.Documentation;

/// <summary>A command in a page of the documentation.</summary>
/// <param name="Line">The number of its first line in the page.</param>
/// <param name="Text">The command, with the lines of a here-document.</param>
/// <param name="ExitCode">The exit code in its comment <c># exit code N</c>, otherwise 0.</param>
/// <param name="Output">The output that the page prints, or null if the page prints none.</param>
internal sealed partial record PageCommand(int Line, string Text, int ExitCode, string? Output)
{
    private const string Fence = "```";

    /// <summary>Returns all commands of a page in Markdown, in order.</summary>
    /// <exception cref="FormatException">
    /// A block has no language, so that it is not known whether it contains commands, or a block without commands starts a line with one.
    /// </exception>
    public static IReadOnlyList<PageCommand> Read(string page)
    {
        var commands = new List<PageCommand>();
        string[] lines = page.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            string language = lines[i][Fence.Length..];
            int start = ++i;
            while (lines[i] != Fence)
            {
                i++;
            }

            string[] block = lines[start..i];
            switch (language)
            {
                case "sh":
                    ReadScript(block, start + 1, commands);
                    break;
                case "console":
                    ReadSession(block, start + 1, commands);
                    break;
                case "":
                    throw new FormatException($"line {start}: the block has no language");
                default:
                    RequireNoCommand(block, start + 1);
                    break;
            }
        }

        return commands;
    }

    /// <summary>Reads a block that consists of commands.</summary>
    private static void ReadScript(string[] block, int firstLine, List<PageCommand> commands)
    {
        for (int i = 0; i < block.Length; i++)
        {
            int start = i;
            var text = new StringBuilder(block[i]);
            while (block[i].EndsWith('\\'))
            {
                text.Append('\n').Append(block[++i]);
            }

            if (HereDocumentPattern().Match(block[start]) is { Success: true } match)
            {
                while (block[i] != match.Groups[1].Value)
                {
                    text.Append('\n').Append(block[++i]);
                }
            }

            commands.Add(Create(firstLine + start, text.ToString(), null));
        }
    }

    /// <summary>Reads a block with commands behind <c>$ </c>, each followed by its output.</summary>
    private static void ReadSession(string[] block, int firstLine, List<PageCommand> commands)
    {
        for (int i = 0; i < block.Length;)
        {
            int start = i++;
            if (!IsPrompt(block[start]))
            {
                throw new FormatException($"line {firstLine + start}: the block does not start with a command");
            }

            while (i < block.Length && !IsPrompt(block[i]))
            {
                i++;
            }

            commands.Add(Create(firstLine + start, block[start][2..], string.Join('\n', block[(start + 1)..i])));
        }
    }

    private static PageCommand Create(int line, string text, string? output)
    {
        Match match = ExitCodePattern().Match(text);
        return new PageCommand(line, text, match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0, output);
    }

    private static void RequireNoCommand(string[] block, int firstLine)
    {
        int found = Array.FindIndex(block, line => IsPrompt(line) || CommandPattern().IsMatch(line));
        if (found >= 0)
        {
            throw new FormatException($"line {firstLine + found}: a command is in a block of another language than sh and console");
        }
    }

    private static bool IsPrompt(string line) => line.StartsWith("$ ", StringComparison.Ordinal);

    [GeneratedRegex("<<'?([A-Z]+)'?$")]
    private static partial Regex HereDocumentPattern();

    [GeneratedRegex("# exit code ([0-9]+)")]
    private static partial Regex ExitCodePattern();

    [GeneratedRegex(@"\A\s*(sudo |\./)?(fts|systemctl|journalctl) ")]
    private static partial Regex CommandPattern();
}
