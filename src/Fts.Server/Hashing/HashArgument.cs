using System.Globalization;
using Fts.Protocol;

namespace Fts.Server.Hashing;

/// <summary>What follows XCRC and its kind: a name, perhaps in quotes, then perhaps the part wanted. No draft fixed it; this is what clients send.</summary>
internal readonly record struct HashArgument(string Name, long Start, long? End)
{
    /// <summary>The name is all there was, as it stood.</summary>
    public bool IsNameOnly { get; private init; }

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
                return new HashArgument(quoted, bounds.Length > 0 ? ParseOffset(bounds[0])!.Value : 0, bounds.Length > 1 ? ParseOffset(bounds[1]) : null);
            }

            return new HashArgument(text, 0, null) { IsNameOnly = true };
        }

        string[] words = text.Split(' ');
        return words.Length >= 3 && ParseOffset(words[^2]) is { } start && ParseOffset(words[^1]) is { } end ? new HashArgument(string.Join(' ', words[..^2]), start, end)
            : words.Length >= 2 && ParseOffset(words[^1]) is { } only ? new HashArgument(string.Join(' ', words[..^1]), only, null)
            : new HashArgument(text, 0, null) { IsNameOnly = true };
    }

    private static long? ParseOffset(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
