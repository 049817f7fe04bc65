using System.Globalization;
using Fts.Protocol;

namespace Fts.Server.Hashing;

/// <summary>
/// The argument of XCRC and similar commands: a name, optionally quoted, then optional offsets. Common clients send this syntax, which no
/// standard defines.
/// </summary>
/// <param name="Name">The name of the file.</param>
/// <param name="Start">The offset of the first byte.</param>
/// <param name="End">The offset after the last byte; null for the end of the file.</param>
internal readonly record struct HashArgument(string Name, long Start, long? End)
{
    /// <summary>Whether <see cref="Name"/> is the whole argument, because the argument contains no valid quotes or offsets.</summary>
    public bool IsNameOnly { get; private init; }

    /// <summary>Parses an argument. If the text after the name is not one or two valid offsets, the whole argument is the name.</summary>
    public static HashArgument Parse(string text)
    {
        if (text.StartsWith('"') && PathQuoting.Unquote(text) is { } quoted)
        {
            string rest = text[PathQuoting.Quote(quoted).Length..];
            if (rest.Length == 0)
            {
                return new HashArgument(quoted, 0, null);
            }

            string[] bounds = rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (rest[0] == ' ' && bounds.Length <= 2 && bounds.All(bound => ParseOffset(bound) is not null))
            {
                long first = bounds.Length > 0 ? ParseOffset(bounds[0])!.Value : 0;
                return new HashArgument(quoted, first, bounds.Length > 1 ? ParseOffset(bounds[1]) : null);
            }

            return new HashArgument(text, 0, null) { IsNameOnly = true };
        }

        string[] words = text.Split(' ');
        if (words.Length >= 3 && ParseOffset(words[^2]) is { } start && ParseOffset(words[^1]) is { } end)
        {
            return new HashArgument(string.Join(' ', words[..^2]), start, end);
        }

        return words.Length >= 2 && ParseOffset(words[^1]) is { } onlyStart
            ? new HashArgument(string.Join(' ', words[..^1]), onlyStart, null)
            : new HashArgument(text, 0, null) { IsNameOnly = true };
    }

    private static long? ParseOffset(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
