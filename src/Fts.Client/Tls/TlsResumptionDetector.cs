using Fts.Protocol.Tls;

namespace Fts.Client.Tls;

/// <summary>
/// Collects the start of a TLS handshake as the server sends it, until <see cref="ServerHelloReader"/> determines whether the handshake
/// resumes a session. .NET does not report this.
/// </summary>
internal sealed class TlsResumptionDetector
{
    /// <summary>The maximum number of bytes to examine. A ServerHello is much shorter.</summary>
    private const int MaxBytes = 16 * 1024;

    private readonly List<byte> _received = [];
    private TlsResumption _resumption;

    /// <summary>Whether the handshake resumes a session; null before this is known, and if the bytes are not a TLS handshake.</summary>
    public bool? IsResumed => _resumption switch
    {
        TlsResumption.Resumed => true,
        TlsResumption.Full => false,
        _ => null,
    };

    /// <summary>Adds received bytes, before decryption. Ignores bytes after the result is known.</summary>
    public void Add(ReadOnlySpan<byte> received)
    {
        if (_resumption == TlsResumption.Unknown && _received.Count < MaxBytes)
        {
            _received.AddRange(received[..Math.Min(received.Length, MaxBytes - _received.Count)]);
            _resumption = ServerHelloReader.Read([.. _received]);
        }
    }
}
