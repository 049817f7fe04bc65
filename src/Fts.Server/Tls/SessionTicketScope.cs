using System.Buffers.Binary;

namespace Fts.Server.Tls;

/// <summary>
/// Separates the TLS session tickets of one FTP session: its connections accept only tickets that were issued on its own connections.
/// <see cref="Enter"/> applies until the calling asynchronous method ends.
/// </summary>
internal sealed class SessionTicketScope
{
    private static readonly AsyncLocal<SessionTicketScope?> Entered = new();
    private static long _lastNumber;

    private readonly long _number = Interlocked.Increment(ref _lastNumber);
    private volatile bool _hasOwnTicketKey;

    /// <summary>The scope that the current asynchronous method or one of its callers has entered, or null.</summary>
    public static SessionTicketScope? Current => Entered.Value;

    /// <summary>
    /// Whether .NET has requested the certificate's hash in this scope, so that the scope has its own ticket key. If false, several
    /// sessions may share one ticket key.
    /// </summary>
    public bool HasOwnTicketKey => _hasOwnTicketKey;

    /// <summary>Makes this object the scope of the handshakes that the calling asynchronous method performs.</summary>
    public void Enter() => Entered.Value = this;

    /// <summary>Replaces the first 8 bytes of a certificate's hash by the number of this scope.</summary>
    public void WriteNumber(Span<byte> hash)
    {
        BinaryPrimitives.WriteInt64BigEndian(hash, _number);
        _hasOwnTicketKey = true;
    }
}
