using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Server.Tests.Support;

/// <summary>
/// Runs a conversation from a script. Each line is one step:
/// <code>
/// C: text      the client sends this line          C> text    … these bytes, without a line end
/// S: 250 te*   one reply of one line               S: 211-te* a multi-line reply, each line on its own S: line; "S: ..." skips lines
/// S: (end)     the server closes
/// D&lt; text      the client receives exactly this data, then the end of the data connection
/// L&lt; te*       the client receives these lines in any order, then the end; "L&lt; (none)" for no lines
/// D> text      the client sends this over the data connection and closes it
/// D+ text      … and does not close it             D: late | close | reset
/// Z&lt; text      the client receives one zlib stream with exactly this content, then the end
/// Z> text      the client sends this as one zlib stream and closes the data connection
/// B&lt; text      the client receives one file with exactly this content in blocks (MODE B)
/// B> text      the client sends this as one file in blocks; the data connection stays open
/// </code>
/// <c>*</c> matches any text, and <c>\*</c> matches an asterisk. <c>\r \n \0 \xNN \\</c> are bytes. Replies and lines contain only
/// <c>\xNN</c>, for bytes that are not UTF-8. <c>{PORT}</c> and <c>{EPRT}</c> make the client listen and insert the argument.
/// </summary>
internal static class Script
{
    public static async Task PlayAsync(Conversation client, string script)
    {
        string[] lines = [.. script.ReplaceLineEndings("\n").Split('\n').Where(line => line.Length > 0)];
        for (int i = 0; i < lines.Length; i++)
        {
            (string kind, string text) = (lines[i][..2], lines[i].Length > 3 ? lines[i][3..] : "");
            switch (kind)
            {
                case "C:":
                    await SendLineAsync(client, text);
                    break;
                case "C>":
                    await client.SendAsync(Bytes(text));
                    break;
                case "S:":
                    i += await ExpectReplyAsync(client, text, lines.AsMemory(i + 1));
                    break;
                case "L<":
                    int more = lines.Skip(i + 1).TakeWhile(line => line.StartsWith("L<", StringComparison.Ordinal)).Count();
                    await ReadLinesAsync(client,
                        [.. lines.Skip(i).Take(more + 1).Select(line => line.Length > 3 ? line[3..] : "").Where(line => line != "(none)")]);
                    i += more;
                    break;
                default:
                    await RunDataStepAsync(client, kind, text);
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
                    char other => throw new FormatException($"\\{other} is not an escape sequence.") });
            }
        }

        return [.. bytes];
    }

    public static bool MatchesPattern(string pattern, string text)
    {
        IEnumerable<string> parts = pattern.Split("\\*").Select(part => Regex.Escape(part).Replace("\\*", ".*", StringComparison.Ordinal));
        return Regex.IsMatch(text, $"^{string.Join("\\*", parts)}$", RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    private static Task SendLineAsync(Conversation client, string text)
    {
        if (text.Contains("{PORT}", StringComparison.Ordinal))
        {
            text = text.Replace("{PORT}", client.Listen(extended: false), StringComparison.Ordinal);
        }
        else if (text.Contains("{EPRT}", StringComparison.Ordinal))
        {
            text = text.Replace("{EPRT}", client.Listen(extended: true), StringComparison.Ordinal);
        }

        return text.Contains('\\', StringComparison.Ordinal) ? client.SendAsync(Bytes(text + "\\r\\n")) : client.SendAsync(text);
    }

    /// <summary>Returns how many of the lines that follow belong to the same reply.</summary>
    private static async Task<int> ExpectReplyAsync(Conversation client, string first, ReadOnlyMemory<string> rest)
    {
        if (first == "(end)")
        {
            return await client.ReadLineAsync() is { } line
                ? throw client.CreateFailure($"Expected the end of the connection, but received: {line}") : 0;
        }

        var expected = new List<string> { first };
        if (first.Length > 3 && first[3] == '-')
        {
            for (int i = 0; i < rest.Length && expected[^1][..Math.Min(4, expected[^1].Length)] != first[..3] + " "; i++)
            {
                expected.Add(rest.Span[i].Length > 3 ? rest.Span[i][3..] : "");
            }
        }

        string[] reply = await client.ReadReplyAsync();
        return MatchesReply(expected, reply) ? expected.Count - 1
            : throw client.CreateFailure($"Expected: {string.Join("\n          ", expected)}");
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

    private static async Task ReadLinesAsync(Conversation client, string[] patterns)
    {
        string text = WireText.FromBytes(await Data(client).ReadToEndAsync());
        client.CloseData();
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
            throw client.CreateFailure($"Expected the lines:\n{string.Join('\n', patterns)}\nbut received:\n{text}");
        }
    }

    private static async Task RunDataStepAsync(Conversation client, string kind, string text)
    {
        switch (kind, text)
        {
            case ("D:", "late"):
                client.ConnectsLate = true;
                return;
            case ("D:", "begin"):
                await Data(client).ReceiveOneByteAsync();
                return;
            case ("D:", "reset"):
                Data(client).Reset();
                break;
            case ("D:", "close"):
                break;
            case ("D<", _):
                byte[] content = await Data(client).ReadToEndAsync();
                if (!content.AsSpan().SequenceEqual(Bytes(text)))
                {
                    throw client.CreateFailure($"Expected the data: {text}\nbut received: {WireText.FromBytes(content)}");
                }

                break;
            case ("Z<", _):
                byte[] expanded = Zlib.Expand(await Data(client).ReadToEndAsync());
                if (!expanded.AsSpan().SequenceEqual(Bytes(text)))
                {
                    throw client.CreateFailure(
                        $"Expected this zlib stream content: {text}\nbut received: {Encoding.UTF8.GetString(expanded)}");
                }

                break;
            case ("Z>", _):
                await Data(client).SendAsync(Zlib.Compress(Bytes(text)));
                await Data(client).FinishAsync();
                break;
            case ("B<", _):
                byte[] file = await Data(client).ReadFileAsync();
                if (!file.AsSpan().SequenceEqual(Bytes(text)))
                {
                    throw client.CreateFailure($"Expected this file in blocks: {text}\nbut received: {Encoding.UTF8.GetString(file)}");
                }

                return;
            case ("B>", _):
                await Data(client).SendAsync(Blocks.Encode(Bytes(text)));
                return;
            case ("D>", _):
                await Data(client).SendAsync(Bytes(text));
                await Data(client).FinishAsync();
                break;
            case ("D+", _):
                await Data(client).SendAsync(Bytes(text));
                return;
            default:
                throw new FormatException($"Unknown script step: {kind} {text}");
        }

        client.CloseData();
    }

    private static DataPeer Data(Conversation client) => client.Data ?? throw client.CreateFailure("No data connection is prepared.");
}
