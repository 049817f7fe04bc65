namespace Fts.Protocol;

/// <summary>The byte 255 on a control connection, where it begins a Telnet command (RFC 959 §5.3, RFC 854).</summary>
internal static class TelnetBytes
{
    private const byte Iac = 255;

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
}
