namespace Fts.Server.Tls;

/// <summary>Tracks the boundaries of TLS records in a stream of received bytes (RFC 8446 §5.1).</summary>
internal struct TlsRecordTracker
{
    private const int HeaderBytes = 5;

    private ulong _header;
    private int _headerLength, _remainingBodyBytes;

    /// <summary>The number of bytes up to the end of the current record header or body.</summary>
    public readonly int MaxReadBytes => _remainingBodyBytes > 0 ? _remainingBodyBytes : HeaderBytes - _headerLength;

    /// <summary>Whether the next byte is the first byte of a record.</summary>
    public readonly bool IsAtStart => _headerLength == 0 && _remainingBodyBytes == 0;

    /// <summary>Moves the position past bytes that were read.</summary>
    public void Advance(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = AdvanceOnce(bytes);
        }
    }

    /// <summary>Returns whether the current record ends within the next bytes. Does not move the position.</summary>
    public readonly bool ContainsRecordEnd(ReadOnlySpan<byte> bytes)
    {
        TlsRecordTracker next = this;
        while (!bytes.IsEmpty)
        {
            bytes = next.AdvanceOnce(bytes);
            if (next.IsAtStart)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Returns the number of bytes up to the last end of a record within the next bytes, or 0 if no record ends there. Does not move the
    /// position.
    /// </summary>
    public readonly int MeasureCompleteRecords(ReadOnlySpan<byte> bytes)
    {
        TlsRecordTracker next = this;
        ReadOnlySpan<byte> rest = bytes;
        int end = 0;
        while (!rest.IsEmpty)
        {
            rest = next.AdvanceOnce(rest);
            if (next.IsAtStart)
            {
                end = bytes.Length - rest.Length;
            }
        }

        return end;
    }

    /// <summary>Moves the position past the bytes of the current record header or body, and returns the remaining bytes.</summary>
    private ReadOnlySpan<byte> AdvanceOnce(ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(MaxReadBytes, bytes.Length);
        if (_remainingBodyBytes > 0)
        {
            _remainingBodyBytes -= count;
            return bytes[count..];
        }

        foreach (byte next in bytes[..count])
        {
            _header = (_header << 8) | next;
        }

        _headerLength += count;
        if (_headerLength == HeaderBytes)
        {
            (_remainingBodyBytes, _headerLength) = ((int)(_header & 0xFFFF), 0);
        }

        return bytes[count..];
    }
}
