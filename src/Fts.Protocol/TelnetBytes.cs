namespace Fts.Protocol;

/// <summary>The byte 255 on a control connection, where it begins a Telnet command (RFC 959 §5.3, RFC 854).</summary>
internal static class TelnetBytes
{
    internal const byte Iac = 255, FirstCommand = 240;
    private const byte FirstOption = 251, LastOption = 254;

    /// <summary>Returns the bytes with each 255 doubled, which makes it data. UTF-8 never contains it, but other names may.</summary>
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

    /// <summary>
    /// Removes Telnet commands from a line, in place. Before the first space, IAC IAC is the byte 255, an option request has three bytes, and other
    /// commands have two; IAC before a byte that is no Telnet command stays. After the first space only IAC IAC counts: many peers send the byte 255 of
    /// a name that is not UTF-8 once, and no peer sends commands there. After a peer has sent a single 255, two in a row are read as two
    /// bytes.
    /// </summary>
    internal static Memory<byte> RemoveCommands(Memory<byte> line, ref bool sendsIacOnce)
    {
        Span<byte> bytes = line.Span;
        int first = bytes.IndexOf(Iac);
        if (first < 0)
        {
            return line;
        }

        int head = bytes.IndexOf((byte)' ') is >= 0 and int space ? space : bytes.Length;
        sendsIacOnce |= HasSingleIac(bytes[head..]);
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
            if (!sendsIacOnce && bytes[from] == Iac)
            {
                from++; // the second of two
            }
        }

        return line[..to];
    }

    /// <summary>Whether the byte 255 occurs an odd number of times in a row.</summary>
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
