namespace Fts.Server.Tls;

/// <summary>Tracks the bounds of TLS records in a stream of received bytes (RFC 8446 §5.1).</summary>
internal struct TlsRecordTracker
{
    private const int HeaderBytes = 5;

    private ulong _header;
    private int _headerLength, _remainingBodyBytes;

    /// <summary>The number of bytes up to the end of the current header or body.</summary>
    public readonly int MaxReadBytes => _remainingBodyBytes > 0 ? _remainingBodyBytes : HeaderBytes - _headerLength;

    /// <summary>Whether the next byte is the first byte of a record.</summary>
    public readonly bool IsAtStart => _headerLength == 0 && _remainingBodyBytes == 0;

    /// <summary>Records bytes that were read.</summary>
    public void Advance(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = AdvanceOnce(bytes);
        }
    }

    /// <summary>Returns whether the current record ends within the next bytes.</summary>
    public readonly bool EndsWithin(ReadOnlySpan<byte> bytes)
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

    /// <summary>Returns the number of bytes up to the end of the last record that ends within the next bytes, or 0.</summary>
    public readonly int MeasureRecords(ReadOnlySpan<byte> bytes)
    {
        TlsRecordTracker next = this;
        ReadOnlySpan<byte> rest = bytes;
        int end = 0;
        while (!rest.IsEmpty)
        {
            rest = next.AdvanceOnce(rest);
            end = next.IsAtStart ? bytes.Length - rest.Length : end;
        }

        return end;
    }

    /// <summary>Records bytes up to the end of the current header or body, and returns the other bytes.</summary>
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
