using System.Globalization;
using System.Text;

namespace Fts.FuzzTests.Engine;

/// <summary>
/// The seed inputs of a target, one on each line of its file: text in UTF-8 with <c>\r</c>, <c>\n</c>, <c>\t</c>, <c>\\</c> and <c>\xNN</c>
/// for single bytes. A line that starts with <c>#</c> is a comment, which may describe the bug that the next line found. A line that starts
/// with <c>!</c> is a token to insert.
/// </summary>
internal sealed record Corpus(IReadOnlyList<byte[]> Seeds, IReadOnlyList<byte[]> Tokens)
{
    /// <summary>Reads the file of a corpus.</summary>
    public static Corpus Load(string name)
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Corpus", name + ".txt"));
        return new Corpus(
            [.. lines.Where(line => line.Length == 0 || line[0] is not ('#' or '!')).Select(Unescape)],
            [.. lines.Where(line => line.StartsWith('!')).Select(line => Unescape(line[1..]))]);
    }

    /// <summary>Returns the line for an input.</summary>
    public static string Escape(ReadOnlySpan<byte> input)
    {
        var text = new StringBuilder();
        foreach (byte b in input)
        {
            _ = b switch
            {
                (byte)'\r' => text.Append("\\r"),
                (byte)'\n' => text.Append("\\n"),
                (byte)'\t' => text.Append("\\t"),
                (byte)'\\' => text.Append("\\\\"),
                >= 0x20 and < 0x7F when !(text.Length == 0 && b is (byte)'#' or (byte)'!') => text.Append((char)b),
                _ => text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}"),
            };
        }

        return text.ToString();
    }

    /// <summary>Returns the input for a line.</summary>
    public static byte[] Unescape(string line)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] != '\\')
            {
                int length = char.IsSurrogatePair(line, i) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(line, i, length));
                i += length - 1;
            }
            else if (line[++i] == 'x')
            {
                bytes.Add(byte.Parse(line.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
            }
            else
            {
                bytes.Add(line[i] switch { 'r' => (byte)'\r', 'n' => (byte)'\n', 't' => (byte)'\t', var c => (byte)c });
            }
        }

        return [.. bytes];
    }
}
