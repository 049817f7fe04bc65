namespace Fts.Bench.Load;

/// <summary>One blocking connection, plain or encrypted. Whoever opened it disposes it.</summary>
internal interface IWire : IDisposable
{
    void Send(ReadOnlySpan<byte> bytes);

    /// <summary>Sends at most this much of the payload, as cheaply for this side as can be; how much it was.</summary>
    long SendFrom(Payload payload, nint length);

    /// <summary>What there is, copied; 0 at the end.</summary>
    int Receive(Span<byte> buffer);

    /// <summary>Takes up to this many bytes from the connection and drops them; how many there were, 0 at the end.</summary>
    long Drop(nint length);

    /// <summary>No more will be sent; returns when the server has closed its side too.</summary>
    void FinishSending();

    /// <summary>Ends a connection that the server has closed already.</summary>
    void Forget();
}
