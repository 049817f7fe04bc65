using System.Text;
using Fts.Client.Connections;
using Fts.FuzzTests.Engine;
using Fts.Protocol;
using Fts.Protocol.Blocks;

namespace Fts.FuzzTests.Targets;

/// <summary>
/// Input that arrives in pieces: lines of a control connection, line ends of files, blocks. The result does not depend on the pieces.
/// </summary>
internal static class StreamTargets
{
    private const int MaxLineLength = 256;
    private const byte Iac = 255, FirstTelnetCommand = 240, FirstOption = 251;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("lines", CheckLines) { Weight = 50, BytesPerByte = 512 },
        FuzzTarget.OfText("line-sent", CheckSentLine) with { Corpus = "lines", Weight = 50 },
        new("ascii", CheckAsciiConversion),
        new("blocks", CheckBlocks) { ExpectedException = typeof(BlockFormatException) },
    ];

    private static void CheckLines(ReadOnlySpan<byte> input)
    {
        using var stream = new ChunkedStream(input);
        List<byte[]?> lines = Read(stream);
        FuzzAssert.True(stream.Reads <= (2 * input.Length) + (2 * lines.Count) + 4, "the number of reads is bounded");
        List<byte[]?> expected = Expected(input);
        FuzzAssert.Equal(expected.Count, lines.Count, "there is a line for each line end");
        for (int i = 0; i < lines.Count; i++)
        {
            FuzzAssert.True(lines[i] is { } line
                ? expected[i] is { } other && line.AsSpan().SequenceEqual(other)
                : expected[i] is null, "lines are the bytes between line ends");
        }
    }

    private static List<byte[]?> Read(ChunkedStream stream)
    {
        var lines = new List<byte[]?>();
        var channel = new LineChannel(stream, MaxLineLength);
        while (true)
        {
            ValueTask<LineReadResult> read = channel.ReadLineAsync(CancellationToken.None);
            FuzzAssert.True(read.IsCompleted, "a read from a stream that does not wait completes synchronously");
            LineReadResult line = read.AsTask().GetAwaiter().GetResult();
            if (line.Status == LineStatus.Closed)
            {
                channel.DisposeAsync().AsTask().GetAwaiter().GetResult();
                return lines;
            }

            lines.Add(line.Status == LineStatus.TooLong ? null : line.Bytes.ToArray());
        }
    }

    /// <summary>Returns the expected lines by another algorithm, with null for a line over the limit.</summary>
    private static List<byte[]?> Expected(ReadOnlySpan<byte> input)
    {
        var lines = new List<byte[]?>();
        bool isDoubled = true;
        for (int end; (end = input.IndexOf((byte)'\n')) >= 0; input = input[(end + 1)..])
        {
            ReadOnlySpan<byte> line = input[..end];
            line = line.EndsWith("\r"u8) ? line[..^1] : line;
            if (line.Length > MaxLineLength)
            {
                lines.Add(null);
                continue;
            }

            int space = line.IndexOf((byte)' ');
            ReadOnlySpan<byte> verb = space < 0 ? line : line[..space], argument = space < 0 ? default : line[space..];
            string text = Encoding.Latin1.GetString(argument);
            isDoubled &= !text.Replace("\u00ff\u00ff", "", StringComparison.Ordinal).Contains('\u00ff', StringComparison.Ordinal);
            lines.Add([.. WithoutTelnet(verb),
                .. Encoding.Latin1.GetBytes(isDoubled ? text.Replace("\u00ff\u00ff", "\u00ff", StringComparison.Ordinal) : text)]);
        }

        return lines;
    }

    private static byte[] WithoutTelnet(ReadOnlySpan<byte> line)
    {
        var plain = new List<byte>();
        while (!line.IsEmpty)
        {
            // IAC before a byte below 240 is not a Telnet command and is kept.
            bool isCommand = line[0] == Iac && (line.Length == 1 || line[1] >= FirstTelnetCommand);
            if (!isCommand || (line.Length > 1 && line[1] == Iac))
            {
                plain.Add(line[0]);
            }

            line = line[Math.Min(line.Length, !isCommand ? 1 : line.Length > 1 && line[1] is >= FirstOption and < Iac ? 3 : 2)..];
        }

        return [.. plain];
    }

    /// <summary>Verifies that the server reads the line that the client sends.</summary>
    private static void CheckSentLine(string text)
    {
        string line = text.ReplaceLineEndings("")[..Math.Min(text.ReplaceLineEndings("").Length, MaxLineLength / 4)].TrimEnd('\r');
        if (line.AsSpan().ContainsAny('\r', '\n') || line.Any(char.IsSurrogate))
        {
            return;
        }

        using var stream = new ChunkedStream(new WireText(Encoding.UTF8).EncodeLine(line));
        FuzzAssert.Equal(line, Encoding.UTF8.GetString(Read(stream).Single()!), "a line survives the round trip");
    }

    private static void CheckAsciiConversion(ReadOnlySpan<byte> input)
    {
        byte[] wire = Convert(input, input.Length, isToWire: true), file = Convert(input, input.Length, isToWire: false);
        FuzzAssert.True(wire.Length <= 2 * input.Length &&
            file.Length <= input.Length, "conversion changes the length by at most one byte for each line end");
        int piece = 1 + (input.Length % 7);
        FuzzAssert.True(wire.AsSpan().SequenceEqual(Convert(input, piece, isToWire: true)) &&
            file.AsSpan().SequenceEqual(Convert(input, piece, isToWire: false)), "the result does not depend on the pieces");
        FuzzAssert.True(input.Contains((byte)'\r') ||
            Convert(wire, piece, isToWire: false).AsSpan().SequenceEqual(input), "a file without CR survives the round trip");
    }

    private static byte[] Convert(ReadOnlySpan<byte> input, int piece, bool isToWire)
    {
        var translator = default(AsciiTranslator);
        byte[] output = new byte[(2 * input.Length) + 2];
        int length = 0;
        while (!input.IsEmpty)
        {
            ReadOnlySpan<byte> part = input[..Math.Min(piece, input.Length)];
            length += isToWire ? translator.ToWire(part, output.AsSpan(length)) : translator.ToFile(part, output.AsSpan(length));
            input = input[part.Length..];
        }

        return output[..(length + (isToWire ? 0 : translator.Finish(output.AsSpan(length))))];
    }

    /// <summary>Verifies that the same files are read in any pieces, and that they survive the round trip.</summary>
    private static void CheckBlocks(ReadOnlySpan<byte> input)
    {
        List<byte[]> files = ReadFiles(input, input.Length), inPieces = ReadFiles(input, 1 + (input.Length % 5));
        byte[] buffer = new byte[input.Length + (3 * files.Count) + 3];
        var writer = new BlockWriter(buffer);
        FuzzAssert.Equal(files.Count, inPieces.Count, "the number of files does not depend on the pieces");
        for (int i = 0; i < files.Count; i++)
        {
            FuzzAssert.True(files[i].AsSpan().SequenceEqual(inPieces[i]), "the result does not depend on the pieces");
            FuzzAssert.True(writer.Write(files[i]) == files[i].Length &&
                writer.TryEndFile(), "the written blocks are not longer than the received blocks");
        }

        List<byte[]> sent = ReadFiles(writer.Blocks.Span, 7);
        FuzzAssert.True(sent.Count == files.Count &&
            files.Zip(sent).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)), "sent files are received unchanged");
    }

    private static List<byte[]> ReadFiles(ReadOnlySpan<byte> bytes, int piece)
    {
        var files = new List<byte[]>();
        var file = new List<byte>();
        var reader = new BlockReader();
        while (!bytes.IsEmpty)
        {
            BlockReadResult read = reader.Read(bytes[..Math.Min(piece, bytes.Length)]);
            FuzzAssert.True(read.ConsumedBytes > 0 &&
                read.ContentBytes <= read.ConsumedBytes, "each read consumes bytes, and the content is part of them");
            file.AddRange(bytes.Slice(read.ConsumedBytes - read.ContentBytes, read.ContentBytes));
            bytes = bytes[read.ConsumedBytes..];
            if (reader.IsEndOfFile)
            {
                files.Add([.. file]);
                file.Clear();
                reader = new BlockReader();
            }
        }

        return files;
    }
}
