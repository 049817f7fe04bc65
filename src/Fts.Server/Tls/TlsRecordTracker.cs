namespace Fts.Server.Tls;

/// <summary>
/// Tracks the bounds of TLS records in a stream (RFC 8446 §5.1), so that a reader reads no byte beyond the current record.
/// </summary>
internal struct TlsRecordTracker
{
    private const int HeaderBytes = 5;

    private ulong _header;
    private int _headerLength, _bodyLeft;

    /// <summary>The most bytes that may be read next: the rest of a header, or the rest of a body.</summary>
    public readonly int MaxReadBytes => _bodyLeft > 0 ? _bodyLeft : HeaderBytes - _headerLength;

    /// <summary>Records bytes that were read, at most <see cref="MaxReadBytes"/>.</summary>
    public void Advance(ReadOnlySpan<byte> read)
    {
        if (_bodyLeft > 0)
        {
            _bodyLeft -= read.Length;
            return;
        }

        foreach (byte one in read)
        {
            _header = (_header << 8) | one;
        }

        _headerLength += read.Length;
        if (_headerLength == HeaderBytes)
        {
            (_bodyLeft, _headerLength) = ((int)(_header & 0xFFFF), 0);
        }
    }
}
