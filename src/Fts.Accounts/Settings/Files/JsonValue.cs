using System.Text.Json;

namespace Fts.Accounts.Settings.Files;

/// <summary>A value of a JSON file, with the line on which it starts. Comments and trailing commas are permitted in the file.</summary>
/// <param name="Kind">The kind of the value.</param>
/// <param name="Line">The line, starting at 1.</param>
/// <param name="Text">The text of a string, or a number as it is written. Null for other kinds.</param>
/// <param name="Members">The members of an object, in the order of the file.</param>
/// <param name="Items">The items of an array.</param>
internal sealed record JsonValue(
    JsonTokenType Kind, int Line, string? Text, IReadOnlyList<JsonMember> Members, IReadOnlyList<JsonValue> Items)
{
    private const int MaxDepth = 16;

    /// <summary>Parses a file.</summary>
    /// <exception cref="AccountFileException">The file is not valid JSON, or an object has two members with the same name.</exception>
    public static JsonValue Parse(ReadOnlySpan<byte> utf8)
    {
        utf8 = utf8.StartsWith("\uFEFF"u8) ? utf8["\uFEFF"u8.Length..] : utf8;
        var reader = new Utf8JsonReader(
            utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = MaxDepth });
        var lines = new LineCounter(utf8);
        try
        {
            reader.Read();
            JsonValue value = Read(ref reader, ref lines);
            reader.Read(); // reports text after the value
            return value;
        }
        catch (JsonException e)
        {
            throw new AccountFileException((int)(e.LineNumber ?? 0) + 1, "this is not valid JSON");
        }
        catch (InvalidOperationException)
        {
            // The reader reports a string that is not valid UTF-8 in this way.
            throw new AccountFileException(lines.Line, "this text is not valid UTF-8");
        }
    }

    private static JsonValue Read(ref Utf8JsonReader reader, ref LineCounter lines)
    {
        int line = lines.GetLine(reader.TokenStartIndex);
        JsonTokenType kind = reader.TokenType;
        switch (kind)
        {
            case JsonTokenType.StartObject:
                var members = new List<JsonMember>();
                HashSet<string> names = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    int memberLine = lines.GetLine(reader.TokenStartIndex);
                    string name = reader.GetString()!;
                    if (!names.Add(name))
                    {
                        throw new AccountFileException(memberLine, $"\"{name}\" occurs twice");
                    }

                    reader.Read();
                    members.Add(new JsonMember(name, memberLine, Read(ref reader, ref lines)));
                }

                return new JsonValue(kind, line, null, members, []);
            case JsonTokenType.StartArray:
                var items = new List<JsonValue>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Read(ref reader, ref lines));
                }

                return new JsonValue(kind, line, null, [], items);
            case JsonTokenType.String:
                return new JsonValue(kind, line, reader.GetString(), [], []);
            case JsonTokenType.Number:
                return new JsonValue(kind, line, System.Text.Encoding.UTF8.GetString(reader.ValueSpan), [], []);
            default:
                return new JsonValue(kind, line, null, [], []);
        }
    }

    /// <summary>Converts increasing positions in the file to line numbers.</summary>
    private ref struct LineCounter(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _position;

        public int Line { get; private set; } = 1;

        public int GetLine(long position)
        {
            Line += _text[_position..(int)position].Count((byte)'\n');
            _position = (int)position;
            return Line;
        }
    }
}

/// <summary>A member of a JSON object.</summary>
/// <param name="Name">The name.</param>
/// <param name="Line">The line of the name, starting at 1.</param>
/// <param name="Value">The value.</param>
internal sealed record JsonMember(string Name, int Line, JsonValue Value);
