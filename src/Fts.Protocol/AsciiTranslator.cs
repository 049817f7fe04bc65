namespace Fts.Protocol;

/// <summary>
/// Converts the line ends of TYPE A: CRLF on the wire (RFC 959 §3.1.1.1) and LF in the file. Remembers the last byte between calls, so a
/// CRLF may be split between two buffers.
/// </summary>
/// <remarks>
/// One instance converts one transfer in one direction. It is a mutable struct: keep it in a field or pass it by reference.
/// </remarks>
public struct AsciiTranslator
{
    private bool _isAfterCr;

    /// <summary>
    /// Converts bytes of a file for sending: inserts a CR before each LF that does not follow a CR. Returns the number of bytes written.
    /// </summary>
    /// <param name="file">The bytes of the file.</param>
    /// <param name="wire">Receives the bytes to send. It must be at least twice as long as the input.</param>
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

    /// <summary>
    /// Converts received bytes for the file: CRLF becomes LF, and any other CR is kept. Returns the number of bytes written.
    /// </summary>
    /// <remarks>A CR at the end of the input is held back until the next call, or until <see cref="Finish"/>.</remarks>
    /// <param name="wire">The received bytes.</param>
    /// <param name="file">Receives the bytes for the file. It must be at least one byte longer than the input.</param>
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

    /// <summary>
    /// Ends a conversion by <see cref="ToFile"/>: writes the CR that was held back. Returns the number of bytes written, 0 or 1.
    /// </summary>
    /// <param name="file">Receives the byte for the file.</param>
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
