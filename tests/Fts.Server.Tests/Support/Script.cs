using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Server.Tests.Support;

/// <summary>
/// Runs a conversation that is written as a script. Each line is one step:
/// <code>
/// C: text      the client sends this line          C> text    … these bytes, without a line end
/// S: 250 te*   one reply of one line               S: 211-te* a reply of several lines, each on an S: line of its own; "S: ..." skips any
/// S: (end)     the server closes
/// D&lt; text      the data connection delivers exactly this, then ends
/// L&lt; te*       the data connection delivers these lines in any order, then ends; "L&lt; (none)" none
/// D> text      the client sends this over the data connection and closes it
/// D+ text      … and does not close it             D: late | close | reset
/// Z&lt; text      the data connection delivers one zlib stream of exactly this, then ends
/// Z> text      the client sends one of this and closes the connection
/// B&lt; text      the data connection delivers one file of exactly this in blocks (MODE B) and stays open
/// B> text      the client sends one file of this in blocks
/// </code>
/// <c>*</c> stands for any text, <c>\*</c> for itself; <c>\r \n \0 \xNN \\</c> are bytes (in replies and lines only <c>\xNN</c>, not of
/// UTF-8); <c>{PORT}</c> and <c>{EPRT}</c> make the client listen. </summary>
internal static class Script
{
    public static async Task PlayAsync(Conversation talk, string script)
    {
        string[] lines = [.. script.ReplaceLineEndings("\n").Split('\n').Where(line => line.Length > 0)];
        for (int i = 0; i < lines.Length; i++)
        {
            (string kind, string text) = (lines[i][..2], lines[i].Length > 3 ? lines[i][3..] : "");
            switch (kind)
            {
                case "C:":
                    await SendLineAsync(talk, text);
                    break;
                case "C>":
                    await talk.SendAsync(Bytes(text));
                    break;
                case "S:":
                    i += await ExpectReplyAsync(talk, text, lines.AsMemory(i + 1));
                    break;
                case "L<":
                    int more = lines.Skip(i + 1).TakeWhile(line => line.StartsWith("L<", StringComparison.Ordinal)).Count();
                    await ReadLinesAsync(talk,
                        [.. lines.Skip(i).Take(more + 1).Select(line => line.Length > 3 ? line[3..] : "").Where(line => line != "(none)")]);
                    i += more;
                    break;
                default:
                    await RunDataStepAsync(talk, kind, text);
                    break;
            }
        }
    }

    /// <summary>Returns the bytes of an escaped text.</summary>
    public static byte[] Bytes(string text)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                int next = text.IndexOf('\\', i);
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i..(next < 0 ? text.Length : next)]));
                i = (next < 0 ? text.Length : next) - 1;
                continue;
            }

            i++;
            if (text[i] == 'x')
            {
                bytes.Add(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
            }
            else
            {
                bytes.Add(text[i] switch { 'r' => 13, 'n' => 10, '0' => 0, '\\' => 92,
                    char other => throw new FormatException($"\\{other} is no escape.") });
            }
        }

        return [.. bytes];
    }

    public static bool MatchesPattern(string pattern, string text)
    {
        IEnumerable<string> parts = pattern.Split("\\*").Select(part => Regex.Escape(part).Replace("\\*", ".*", StringComparison.Ordinal));
        return Regex.IsMatch(text, $"^{string.Join("\\*", parts)}$", RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    private static Task SendLineAsync(Conversation talk, string text)
    {
        if (text.Contains("{PORT}", StringComparison.Ordinal))
        {
            text = text.Replace("{PORT}", talk.Listen(extended: false), StringComparison.Ordinal);
        }
        else if (text.Contains("{EPRT}", StringComparison.Ordinal))
        {
            text = text.Replace("{EPRT}", talk.Listen(extended: true), StringComparison.Ordinal);
        }

        return text.Contains('\\', StringComparison.Ordinal) ? talk.SendAsync(Bytes(text + "\\r\\n")) : talk.SendAsync(text);
    }

    /// <summary>Returns how many of the lines that follow belong to the same reply.</summary>
    private static async Task<int> ExpectReplyAsync(Conversation talk, string first, ReadOnlyMemory<string> rest)
    {
        if (first == "(end)")
        {
            return await talk.ReadLineAsync() is { } line ? throw talk.CreateFailure($"The end was expected, not: {line}") : 0;
        }

        var expected = new List<string> { first };
        if (first.Length > 3 && first[3] == '-')
        {
            for (int i = 0; i < rest.Length && expected[^1][..Math.Min(4, expected[^1].Length)] != first[..3] + " "; i++)
            {
                expected.Add(rest.Span[i].Length > 3 ? rest.Span[i][3..] : "");
            }
        }

        string[] reply = await talk.ReadReplyAsync();
        return MatchesReply(expected, reply) ? expected.Count - 1
            : throw talk.CreateFailure($"Expected: {string.Join("\n          ", expected)}");
    }

    private static bool MatchesReply(List<string> expected, string[] reply)
    {
        int at = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            if (expected[i] == "...")
            {
                // Skips lines until the next expected line matches.
                while (at < reply.Length && !MatchesPattern(expected[i + 1], reply[at]))
                {
                    at++;
                }
            }
            else if (at == reply.Length || !MatchesPattern(expected[i], reply[at++]))
            {
                return false;
            }
        }

        return at == reply.Length;
    }

    private static async Task ReadLinesAsync(Conversation talk, string[] patterns)
    {
        string text = WireText.FromBytes(await Data(talk).ReadToEndAsync());
        talk.CloseData();
        var lines = text.Split("\r\n").ToList();
        bool fits = lines[^1].Length == 0 && lines.Count - 1 == patterns.Length;
        foreach (string pattern in patterns)
        {
            int at = lines.FindIndex(line => MatchesPattern(pattern, line));
            fits &= at >= 0;
            lines.RemoveRange(Math.Max(at, 0), at >= 0 ? 1 : 0);
        }

        if (!fits)
        {
            throw talk.CreateFailure($"Expected the lines:\n{string.Join('\n', patterns)}\nand got:\n{text}");
        }
    }

    private static async Task RunDataStepAsync(Conversation talk, string kind, string text)
    {
        switch (kind, text)
        {
            case ("D:", "late"):
                talk.ConnectsLate = true;
                return;
            case ("D:", "begin"):
                await Data(talk).ReceiveOneByteAsync();
                return;
            case ("D:", "reset"):
                Data(talk).Reset();
                break;
            case ("D:", "close"):
                break;
            case ("D<", _):
                byte[] content = await Data(talk).ReadToEndAsync();
                if (!content.AsSpan().SequenceEqual(Bytes(text)))
                {
                    throw talk.CreateFailure($"Expected the data: {text}\nand got: {WireText.FromBytes(content)}");
                }

                break;
            case ("Z<", _):
                byte[] expanded = Zlib.Expand(await Data(talk).ReadToEndAsync());
                if (!expanded.AsSpan().SequenceEqual(Bytes(text)))
                {
                    throw talk.CreateFailure($"Expected in a zlib stream: {text}\nand got: {Encoding.UTF8.GetString(expanded)}");
                }

                break;
            case ("Z>", _):
                await Data(talk).SendAsync(Zlib.Compress(Bytes(text)));
                await Data(talk).FinishAsync();
                break;
            case ("B<", _):
                byte[] file = await Data(talk).ReadFileAsync();
                if (!file.AsSpan().SequenceEqual(Bytes(text)))
                {
                    throw talk.CreateFailure($"Expected in blocks: {text}\nand got: {Encoding.UTF8.GetString(file)}");
                }

                return;
            case ("B>", _):
                await Data(talk).SendAsync(Blocks.Encode(Bytes(text)));
                return;
            case ("D>", _):
                await Data(talk).SendAsync(Bytes(text));
                await Data(talk).FinishAsync();
                break;
            case ("D+", _):
                await Data(talk).SendAsync(Bytes(text));
                return;
            default:
                throw new FormatException($"No step of a script: {kind} {text}");
        }

        talk.CloseData();
    }

    private static DataPeer Data(Conversation talk) => talk.Data ?? throw talk.CreateFailure("No data connection was spoken of.");
}
