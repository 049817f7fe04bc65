using System.Globalization;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Editing;

/// <summary>Formats the candidates of a completion in columns, limited to the height of the terminal.</summary>
internal static class CandidateList
{
    private const int Gap = 2;

    /// <summary>Returns the lines. If not all candidates fit, the last line contains the number of the others.</summary>
    /// <param name="candidates">The candidates. Only the last component of a path is shown.</param>
    /// <param name="width">The number of columns of the terminal.</param>
    /// <param name="maxLines">The maximum number of lines, at least 2.</param>
    public static IReadOnlyList<string> Format(IReadOnlyList<string> candidates, int width, int maxLines)
    {
        // Only the candidates that may be shown are measured, because there can be many thousands.
        string[] names = [.. candidates.Take(maxLines * Math.Max(1, width / (1 + Gap))).Select(GetLastComponent)];
        int nameWidth = Math.Min(width, names.Max(DisplayFormat.CountColumns));
        int columns = Math.Max(1, (width + Gap) / (nameWidth + Gap));
        bool areAllShown = candidates.Count <= columns * maxLines;
        int count = areAllShown ? candidates.Count : columns * (maxLines - 1);
        int rows = (count + columns - 1) / columns;
        var lines = new List<string>();
        for (int row = 0; row < rows; row++)
        {
            var cells = new List<string>();
            for (int index = row; index < count; index += rows)
            {
                string name = DisplayFormat.Shorten(names[index], nameWidth);
                cells.Add(name + new string(' ', nameWidth - DisplayFormat.CountColumns(name)));
            }

            lines.Add(string.Join("  ", cells).TrimEnd());
        }

        if (!areAllShown)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"… and {candidates.Count - count} more"));
        }

        return lines;
    }

    private static string GetLastComponent(string candidate)
    {
        int slash = candidate.TrimEnd('/').LastIndexOf('/');
        return candidate[(slash + 1)..].ToPrintable();
    }
}
