namespace Fts.Protocol;

/// <summary>
/// Line ends of TYPE A: CRLF on the wire (RFC 959 §3.1.1.1), LF in the file. Keeps the last byte between calls, so that a CRLF cut by a buffer's end is still one.
/// </summary>
internal struct AsciiTranslator
{
    private bool _isAfterCr;

    /// <summary>File to wire: a LF that no CR precedes gets one. <paramref name="wire"/> needs room for twice the input. Returns the bytes written.</summary>
    public int ToWire(ReadOnlySpan<byte> file, Span<byte> wire)
    {
        int written = 0;
        foreach (byte b in file)
        {
            if (b == '\n' && !_isAfterCr)
            {
                wire[written++] = (byte)'\r';
            }

            wire[written++] = b;
            _isAfterCr = b == '\r';
        }

        return written;
    }

    /// <summary>Wire to file: CRLF becomes LF, a CR alone stays. <paramref name="file"/> needs room for one byte more than the input. Returns the bytes written.</summary>
    public int ToFile(ReadOnlySpan<byte> wire, Span<byte> file)
    {
        int written = 0;
        foreach (byte b in wire)
        {
            if (_isAfterCr && b != '\n')
            {
                file[written++] = (byte)'\r';
            }

            _isAfterCr = b == '\r';
            if (!_isAfterCr)
            {
                file[written++] = b;
            }
        }

        return written;
    }

    /// <summary>Ends the wire side: writes the CR that was held back for a LF that never came. Returns the bytes written, 0 or 1.</summary>
    public int Finish(Span<byte> file)
    {
        if (!_isAfterCr)
        {
            return 0;
        }

        (_isAfterCr, file[0]) = (false, (byte)'\r');
        return 1;
    }
}
