namespace Fts.Protocol;

/// <summary>
/// Escapes and removes Telnet commands on a control connection (RFC 959 §5.3, RFC 854). The byte 255 (IAC) starts a command. In data, the
/// byte 255 is sent twice.
/// </summary>
public static class TelnetBytes
{
    internal const byte Iac = 255, FirstCommand = 240;
    private const byte FirstOption = 251, LastOption = 254;

    /// <summary>Returns the bytes with each 255 doubled. UTF-8 does not contain this byte, but names in other encodings may.</summary>
    /// <param name="bytes">The bytes of a command or reply.</param>
    public static ReadOnlySpan<byte> Escape(ReadOnlySpan<byte> bytes)
    {
        int count = bytes.Count(Iac);
        if (count == 0)
        {
            return bytes;
        }

        byte[] escaped = new byte[bytes.Length + count];
        int at = 0;
        foreach (byte value in bytes)
        {
            escaped[at++] = value;
            if (value == Iac)
            {
                escaped[at++] = Iac;
            }
        }

        return escaped;
    }

    /// <summary>Removes the Telnet commands from a received line, in place, and returns the remaining bytes.</summary>
    /// <remarks>
    /// Before the first space, IAC IAC represents the byte 255, an option request has three bytes, and other commands have two. IAC before
    /// a byte that is not a command is kept. After the first space, only IAC IAC is converted, because no peer sends commands there. Even
    /// this conversion ends once the peer has sent a single 255 there, because many peers do not double the byte 255 of a name.
    /// </remarks>
    /// <param name="line">The line without its line end.</param>
    /// <param name="peerSendsSingleIac">
    /// Whether the peer has sent a line with a single byte 255 after the first space. Set to true if this line has one.
    /// </param>
    internal static Memory<byte> RemoveCommands(Memory<byte> line, ref bool peerSendsSingleIac)
    {
        Span<byte> bytes = line.Span;
        int first = bytes.IndexOf(Iac);
        if (first < 0)
        {
            return line;
        }

        int head = bytes.IndexOf((byte)' ') is >= 0 and int space ? space : bytes.Length;
        peerSendsSingleIac |= HasSingleIac(bytes[head..]);
        int to = Math.Min(first, head);
        for (int from = to; from < head; from++)
        {
            if (bytes[from] != Iac)
            {
                bytes[to++] = bytes[from];
            }
            else if (++from < head)
            {
                if (bytes[from] is Iac or < FirstCommand)
                {
                    bytes[to++] = Iac;
                    if (bytes[from] != Iac)
                    {
                        bytes[to++] = bytes[from];
                    }
                }
                else if (bytes[from] is >= FirstOption and <= LastOption)
                {
                    from++;
                }
            }
        }

        for (int from = head; from < bytes.Length; from++)
        {
            bytes[to++] = bytes[from];
            if (!peerSendsSingleIac && bytes[from] == Iac)
            {
                from++; // Skips the second IAC of a pair.
            }
        }

        return line[..to];
    }

    /// <summary>Returns whether the bytes contain an IAC (0xFF) that is not doubled.</summary>
    private static bool HasSingleIac(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf(Iac) is >= 0 and int at)
        {
            bytes = bytes[at..];
            int length = bytes.IndexOfAnyExcept(Iac) is >= 0 and int end ? end : bytes.Length;
            if (length % 2 != 0)
            {
                return true;
            }

            bytes = bytes[length..];
        }

        return false;
    }
}
