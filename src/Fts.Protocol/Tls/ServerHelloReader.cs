using System.Buffers.Binary;

namespace Fts.Protocol.Tls;

/// <summary>
/// Whether a handshake resumes a session, as determined from the server's first flight: the TLS messages that the server sends first.
/// </summary>
public enum TlsResumption
{
    /// <summary>The server has written too few bytes to decide.</summary>
    Unknown,
    /// <summary>A full handshake, which creates a new session.</summary>
    Full,
    /// <summary>A handshake that resumes an earlier session of the client.</summary>
    Resumed,
    /// <summary>The bytes are not the first flight of a TLS 1.2 or 1.3 server.</summary>
    Unreadable,
}

/// <summary>
/// Detects from the server's first flight whether a handshake resumes a session, because SslStream does not report resumption. If a TLS 1.3
/// handshake resumes a session, the ServerHello contains the pre_shared_key extension (RFC 8446 §4.2.11). If a TLS 1.2 handshake resumes
/// a session, no Certificate message follows the ServerHello (RFC 5246 §7.3).
/// </summary>
public static class ServerHelloReader
{
    private const byte ChangeCipherSpec = 20, Handshake = 22, ServerHello = 2, NewSessionTicket = 4, Certificate = 11;
    private const int RecordHeader = 5, MessageHeader = 4, PreSharedKey = 41, SupportedVersions = 43, Tls13 = 0x0304;

    /// <summary>
    /// The random value of a ServerHello that is a HelloRetryRequest: the SHA-256 hash of "HelloRetryRequest" (RFC 8446 §4.1.3).
    /// </summary>
    private static ReadOnlySpan<byte> RetryRandom =>
    [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ];

    /// <summary>
    /// Determines from the bytes that the server has written so far whether the handshake resumes a session. The last record and message
    /// may be incomplete.
    /// </summary>
    public static TlsResumption Read(ReadOnlySpan<byte> written)
    {
        bool isTls12 = false;
        while (written.Length >= RecordHeader)
        {
            byte type = written[0];
            int length = BinaryPrimitives.ReadUInt16BigEndian(written[3..]);
            if (type == ChangeCipherSpec && written[1] == 3)
            {
                if (isTls12)
                {
                    return TlsResumption.Resumed;
                }

                // A TLS 1.3 server sends ChangeCipherSpec after a HelloRetryRequest, for compatibility with middleboxes (RFC 8446 §D.4).
                written = Skip(written, RecordHeader + length);
                continue;
            }

            if (type != Handshake || written[1] != 3)
            {
                return TlsResumption.Unreadable;
            }

            // The record may be incomplete. The type of the Certificate message is sufficient, and its content may follow in later writes.
            ReadOnlySpan<byte> record = written.Slice(RecordHeader, Math.Min(length, written.Length - RecordHeader));
            while (record.Length >= MessageHeader)
            {
                int size = (record[1] << 16) | (record[2] << 8) | record[3];
                if (record[0] == ServerHello && record.Length < MessageHeader + size)
                {
                    return TlsResumption.Unknown;
                }

                switch (record[0])
                {
                    case ServerHello when !isTls12:
                        TlsResumption hello = ReadHello(record.Slice(MessageHeader, size), out isTls12);
                        if (hello != TlsResumption.Unknown)
                        {
                            return hello;
                        }

                        break;
                    case Certificate when isTls12:
                        return TlsResumption.Full;
                    case NewSessionTicket when isTls12:
                        return TlsResumption.Resumed;
                    default:
                        return TlsResumption.Unreadable;
                }

                record = Skip(record, MessageHeader + size);
            }

            written = Skip(written, RecordHeader + length);
        }

        return TlsResumption.Unknown;
    }

    /// <summary>
    /// Returns whether the handshake resumes a session, if the ServerHello alone determines this. Returns
    /// <see cref="TlsResumption.Unknown"/> for TLS 1.2 and for a HelloRetryRequest, because later messages determine it.
    /// </summary>
    private static TlsResumption ReadHello(ReadOnlySpan<byte> hello, out bool isTls12)
    {
        isTls12 = false;
        if (hello.Length < 35 || hello.Length < 35 + hello[34] + 3)
        {
            return TlsResumption.Unreadable;
        }

        bool isRetry = hello.Slice(2, 32).SequenceEqual(RetryRandom);
        ReadOnlySpan<byte> rest = hello[(35 + hello[34] + 3)..];
        bool isTls13 = false, hasPreSharedKey = false;
        if (rest.Length >= 2)
        {
            rest = rest[2..];
            while (rest.Length >= 4)
            {
                int extension = BinaryPrimitives.ReadUInt16BigEndian(rest);
                int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
                hasPreSharedKey |= extension == PreSharedKey;
                isTls13 |= extension == SupportedVersions && length == 2 && rest.Length >= 6 &&
                    BinaryPrimitives.ReadUInt16BigEndian(rest[4..]) == Tls13;
                rest = Skip(rest, 4 + length);
            }
        }

        isTls12 = !isTls13;
        if (isTls12 || isRetry)
        {
            return TlsResumption.Unknown;
        }

        return hasPreSharedKey ? TlsResumption.Resumed : TlsResumption.Full;
    }

    private static ReadOnlySpan<byte> Skip(ReadOnlySpan<byte> bytes, int count) => bytes[Math.Min(count, bytes.Length)..];
}
