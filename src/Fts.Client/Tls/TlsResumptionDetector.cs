using System.Buffers.Binary;

namespace Fts.Client.Tls;

/// <summary>
/// Reads the start of a TLS handshake as the server sends it, and determines whether the server resumed a session. .NET does not report
/// this, but the first messages of the server are not encrypted.
/// </summary>
/// <remarks>
/// In TLS 1.3 the ServerHello of a resumed session contains the extension pre_shared_key (RFC 8446 §4.2.11). In TLS 1.2 the server sends a
/// certificate, or another message that starts a key exchange, only if it does not resume a session (RFC 5246 §7.3).
/// </remarks>
internal sealed class TlsResumptionDetector
{
    /// <summary>The maximum number of bytes to examine. A ServerHello is much shorter.</summary>
    private const int MaxBytes = 16 * 1024;

    private const byte ChangeCipherSpecRecord = 20, HandshakeRecord = 22;
    private const byte ServerHelloMessage = 2, NewSessionTicketMessage = 4;
    private const int PreSharedKeyExtension = 41, SupportedVersionsExtension = 43, Tls13 = 0x0304;

    /// <summary>The random value that marks a ServerHello as a HelloRetryRequest (RFC 8446 §4.1.3).</summary>
    private static ReadOnlySpan<byte> RetryRandom =>
    [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ];

    private readonly List<byte> _received = [];
    private bool _isDone;

    /// <summary>Whether the server resumed a session; null before this is known, and if the bytes are not a TLS handshake.</summary>
    public bool? IsResumed { get; private set; }

    /// <summary>Adds received bytes, before decryption. Ignores bytes after the result is known.</summary>
    public void Add(ReadOnlySpan<byte> received)
    {
        if (_isDone || received.IsEmpty)
        {
            return;
        }

        _received.AddRange(received[..Math.Min(received.Length, MaxBytes - _received.Count)]);
        IsResumed = Examine([.. _received], out bool needsMore);
        _isDone = !needsMore || _received.Count == MaxBytes;
        if (_isDone)
        {
            _received.Clear();
        }
    }

    /// <summary>Returns the result, or null if it is not known or if more bytes are needed.</summary>
    private static bool? Examine(ReadOnlySpan<byte> bytes, out bool needsMore)
    {
        byte[] messages = ReadHandshakeMessages(bytes, out bool hasChangeCipherSpec, out bool isEndMissing);
        needsMore = isEndMissing && !hasChangeCipherSpec;
        ReadOnlySpan<byte> rest = messages;
        while (TryReadMessage(ref rest, out byte type, out ReadOnlySpan<byte> body))
        {
            if (type != ServerHelloMessage || !TryReadServerHello(body, out bool isTls13, out bool hasPreSharedKey, out bool isRetry))
            {
                needsMore = false;
                return null;
            }

            if (isRetry)
            {
                // The next record is a change_cipher_spec without a meaning, and then the second ServerHello arrives.
                continue;
            }

            if (isTls13)
            {
                needsMore = false;
                return hasPreSharedKey;
            }

            if (!rest.IsEmpty)
            {
                needsMore = false;
                return rest[0] == NewSessionTicketMessage;
            }

            return hasChangeCipherSpec ? true : null;
        }

        return null;
    }

    /// <summary>
    /// Returns the content of the handshake records up to the first other record. A change_cipher_spec directly after a HelloRetryRequest
    /// is skipped.
    /// </summary>
    private static byte[] ReadHandshakeMessages(ReadOnlySpan<byte> bytes, out bool hasChangeCipherSpec, out bool isEndMissing)
    {
        const int headerLength = 5;
        var messages = new List<byte>();
        (hasChangeCipherSpec, isEndMissing) = (false, true);
        while (bytes.Length >= headerLength)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (bytes[0] == ChangeCipherSpecRecord && !IsRetry([.. messages]))
            {
                hasChangeCipherSpec = true;
                return [.. messages];
            }

            if (bytes[0] is not (HandshakeRecord or ChangeCipherSpecRecord))
            {
                isEndMissing = false;
                return [.. messages];
            }

            ReadOnlySpan<byte> content = bytes[headerLength..Math.Min(bytes.Length, headerLength + length)];
            if (bytes[0] == HandshakeRecord)
            {
                messages.AddRange(content);
            }

            if (bytes.Length < headerLength + length)
            {
                return [.. messages];
            }

            bytes = bytes[(headerLength + length)..];
        }

        return [.. messages];
    }

    /// <summary>Returns whether the last complete message is a HelloRetryRequest.</summary>
    private static bool IsRetry(ReadOnlySpan<byte> messages)
    {
        bool isRetry = false;
        while (TryReadMessage(ref messages, out byte type, out ReadOnlySpan<byte> body))
        {
            isRetry = type == ServerHelloMessage && TryReadServerHello(body, out _, out _, out bool retry) && retry;
        }

        return isRetry;
    }

    private static bool TryReadMessage(ref ReadOnlySpan<byte> messages, out byte type, out ReadOnlySpan<byte> body)
    {
        const int headerLength = 4;
        type = 0;
        body = default;
        if (messages.Length < headerLength)
        {
            return false;
        }

        int length = (messages[1] << 16) | (messages[2] << 8) | messages[3];
        if (messages.Length < headerLength + length)
        {
            return false;
        }

        type = messages[0];
        body = messages.Slice(headerLength, length);
        messages = messages[(headerLength + length)..];
        return true;
    }

    /// <summary>Reads a ServerHello (RFC 8446 §4.1.3): version, random, session ID, cipher suite, compression and extensions.</summary>
    private static bool TryReadServerHello(ReadOnlySpan<byte> body, out bool isTls13, out bool hasPreSharedKey, out bool isRetry)
    {
        const int randomStart = 2, randomLength = 32, idStart = randomStart + randomLength, suiteAndCompression = 3;
        (isTls13, hasPreSharedKey, isRetry) = (false, false, false);
        if (body.Length <= idStart)
        {
            return false;
        }

        isRetry = body.Slice(randomStart, randomLength).SequenceEqual(RetryRandom);
        int extensions = idStart + 1 + body[idStart] + suiteAndCompression;
        if (body.Length < extensions + 2)
        {
            return body.Length == extensions; // TLS 1.2 without extensions
        }

        ReadOnlySpan<byte> rest = body[(extensions + 2)..];
        while (rest.Length >= 4)
        {
            int type = BinaryPrimitives.ReadUInt16BigEndian(rest), length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (rest.Length < 4 + length)
            {
                return false;
            }

            hasPreSharedKey |= type == PreSharedKeyExtension;
            isTls13 |= type == SupportedVersionsExtension && length == 2 && BinaryPrimitives.ReadUInt16BigEndian(rest[4..]) == Tls13;
            rest = rest[(4 + length)..];
        }

        return rest.IsEmpty;
    }
}
