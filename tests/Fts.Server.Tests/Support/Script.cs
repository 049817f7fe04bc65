using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Server.Tests.Support;

/// <summary>
/// Runs a conversation that is written as a script. Each line is one step:
/// <code>
/// C: text      the client sends this line          C> text    the same without a line end
/// S: 250 te*   one reply of one line               S: 211-te* a reply of several lines, each on an S: line of its own; "S: ..." skips any
/// S: (end)     the server closes the control connection
/// D&lt; text      the data connection delivers exactly this, then ends
/// L&lt; te*       the data connection delivers these lines in any order, then ends; "L&lt; (none)" none
/// D> text      the client sends this over the data connection and closes it
/// D+ text      the same without closing it        D: late | begin | close | reset
/// Z&lt; text      the data connection delivers one zlib stream of exactly this, then ends
/// Z> text      the client sends one zlib stream of this and closes the connection
/// B&lt; text      the data connection delivers one file of exactly this in blocks (MODE B) and stays open
/// B> text      the client sends one file of this in blocks
/// </code>
/// <c>*</c> matches any text, and <c>\*</c> an asterisk. <c>\r \n \0 \xNN \\</c> are bytes; replies and listings use only <c>\xNN</c>, for
/// bytes that are not UTF-8. <c>{PORT}</c> and <c>{EPRT}</c> make the client listen.
/// </summary>
internal static class Script
{
    public static async Task PlayAsync(TestClient client, string script)
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
                    await client.SendAsync(ParseBytes(text));
                    break;
                case "S:":
                    i += await ExpectReplyAsync(client, text, lines.AsMemory(i + 1));
                    break;
                case "L<":
                    int following = lines.Skip(i + 1).TakeWhile(line => line.StartsWith("L<", StringComparison.Ordinal)).Count();
                    IEnumerable<string> patterns = lines.Skip(i).Take(following + 1).Select(line => line.Length > 3 ? line[3..] : "");
                    await ReadLinesAsync(client, [.. patterns.Where(pattern => pattern != "(none)")]);
                    i += following;
                    break;
                default:
                    await RunDataStepAsync(client, kind, text);
                    break;
            }
        }
    }

    /// <summary>Returns the bytes of an escaped text.</summary>
    public static byte[] ParseBytes(string text)
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
                    char other => throw new FormatException($"\\{other} is not a valid escape.") });
            }
        }

        return [.. bytes];
    }

    public static bool MatchesPattern(string pattern, string text)
    {
        IEnumerable<string> parts = pattern.Split("\\*").Select(part => Regex.Escape(part).Replace("\\*", ".*", StringComparison.Ordinal));
        return Regex.IsMatch(text, $"^{string.Join("\\*", parts)}$", RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    private static Task SendLineAsync(TestClient client, string text)
    {
        if (text.Contains("{PORT}", StringComparison.Ordinal))
        {
            text = text.Replace("{PORT}", client.Listen(extended: false), StringComparison.Ordinal);
        }
        else if (text.Contains("{EPRT}", StringComparison.Ordinal))
        {
            text = text.Replace("{EPRT}", client.Listen(extended: true), StringComparison.Ordinal);
        }

        return text.Contains('\\', StringComparison.Ordinal) ? client.SendAsync(ParseBytes(text + "\\r\\n")) : client.SendAsync(text);
    }

    /// <summary>Returns the number of following script lines that belong to the same reply.</summary>
    private static async Task<int> ExpectReplyAsync(TestClient client, string first, ReadOnlyMemory<string> rest)
    {
        if (first == "(end)")
        {
            return await client.ReadLineAsync() is { } line
                ? throw client.CreateFailure($"Expected the server to close the connection. Received: {line}") : 0;
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
        int position = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            if (expected[i] == "...")
            {
                // Skips lines until the next expected line matches.
                while (position < reply.Length && !MatchesPattern(expected[i + 1], reply[position]))
                {
                    position++;
                }
            }
            else if (position == reply.Length || !MatchesPattern(expected[i], reply[position++]))
            {
                return false;
            }
        }

        return position == reply.Length;
    }

    private static async Task ReadLinesAsync(TestClient client, string[] patterns)
    {
        string text = WireText.FromBytes(await GetData(client).ReadToEndAsync());
        client.CloseData();
        var lines = text.Split("\r\n").ToList();
        bool matches = lines[^1].Length == 0 && lines.Count - 1 == patterns.Length;
        foreach (string pattern in patterns)
        {
            int index = lines.FindIndex(line => MatchesPattern(pattern, line));
            matches &= index >= 0;
            lines.RemoveRange(Math.Max(index, 0), index >= 0 ? 1 : 0);
        }

        if (!matches)
        {
            throw client.CreateFailure($"Expected the lines:\n{string.Join('\n', patterns)}\nReceived:\n{text}");
        }
    }

    private static async Task RunDataStepAsync(TestClient client, string kind, string text)
    {
        switch (kind, text)
        {
            case ("D:", "late"):
                client.ConnectsLate = true;
                return;
            case ("D:", "begin"):
                await GetData(client).ReceiveOneByteAsync();
                return;
            case ("D:", "reset"):
                GetData(client).Reset();
                break;
            case ("D:", "close"):
                break;
            case ("D<", _):
                byte[] content = await GetData(client).ReadToEndAsync();
                if (!content.AsSpan().SequenceEqual(ParseBytes(text)))
                {
                    throw client.CreateFailure($"Expected the data: {text}\nReceived: {WireText.FromBytes(content)}");
                }

                break;
            case ("Z<", _):
                byte[] expanded = Zlib.Expand(await GetData(client).ReadToEndAsync());
                if (!expanded.AsSpan().SequenceEqual(ParseBytes(text)))
                {
                    throw client.CreateFailure($"Expected in a zlib stream: {text}\nReceived: {Encoding.UTF8.GetString(expanded)}");
                }

                break;
            case ("Z>", _):
                await GetData(client).SendAsync(Zlib.Compress(ParseBytes(text)));
                await GetData(client).FinishAsync();
                break;
            case ("B<", _):
                byte[] file = await GetData(client).ReadFileAsync();
                if (!file.AsSpan().SequenceEqual(ParseBytes(text)))
                {
                    throw client.CreateFailure($"Expected in blocks: {text}\nReceived: {Encoding.UTF8.GetString(file)}");
                }

                return;
            case ("B>", _):
                await GetData(client).SendAsync(Blocks.Encode(ParseBytes(text)));
                return;
            case ("D>", _):
                await GetData(client).SendAsync(ParseBytes(text));
                await GetData(client).FinishAsync();
                break;
            case ("D+", _):
                await GetData(client).SendAsync(ParseBytes(text));
                return;
            default:
                throw new FormatException($"Unknown script step: {kind} {text}");
        }

        client.CloseData();
    }

    private static DataPeer GetData(TestClient client) =>
        client.Data ?? throw client.CreateFailure("No data connection was prepared by PASV, EPSV, PORT or EPRT.");
}
