namespace Fts.Bench.Load;

/// <summary>TLS 1.3 over a connection, which it owns from then on.</summary>
internal sealed unsafe class TlsWire : IWire
{
    private const int Record = 256 << 10;

    [ThreadStatic]
    private static byte[]? t_dropped;

    private readonly Wire _wire;
    private readonly nint _ssl;
    private bool _closed;

    /// <summary>Shakes hands; with <paramref name="session"/>, which stays the caller's, asks to resume it.</summary>
    public TlsWire(Wire wire, nint session = 0)
    {
        (_wire, _ssl) = (wire, OpenSsl.New(OpenSsl.Context));
        _ = OpenSsl.SetDescriptor(_ssl, wire.Descriptor);
        if (session != 0)
        {
            _ = OpenSsl.SetSession(_ssl, session);
        }

        if (OpenSsl.Connect(_ssl) != 1)
        {
            string reason = OpenSsl.Reason();
            Dispose();
            throw new LoadException("TLS 1.3 handshake: " + reason);
        }
    }

    public bool IsResumed => OpenSsl.IsResumed(_ssl) == 1;

    /// <summary>The newest session that the server gave a ticket for, or 0. The caller frees it.</summary>
    public nint TakeSession()
    {
        nint session = OpenSsl.TakeSession(_ssl);
        if (session != 0 && OpenSsl.IsResumable(session) == 0)
        {
            OpenSsl.FreeSession(session);
            return 0;
        }

        return session;
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int sent = 0; sent < bytes.Length;)
            {
                sent += Check(OpenSsl.Write(_ssl, start + sent, Math.Min(Record, bytes.Length - sent)), "write");
            }
        }
    }

    public long SendFrom(Payload payload, nint length)
    {
        fixed (byte* start = payload.Bytes)
        {
            return Check(OpenSsl.Write(_ssl, start, (int)Math.Min(Record, length)), "write");
        }
    }

    public int Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            int read = OpenSsl.Read(_ssl, start, buffer.Length);
            return read <= 0 && OpenSsl.Error(_ssl, read) == OpenSsl.ZeroReturn ? 0 : Check(read, "read");
        }
    }

    /// <summary>Decrypted first: there is no other way to see the end.</summary>
    public long Drop(nint length) => Receive((t_dropped ??= new byte[Record]).AsSpan(0, (int)Math.Min(Record, length)));

    public void FinishSending()
    {
        _ = OpenSsl.Shutdown(_ssl);
        // Tickets that are still unread would turn the close into a reset, and that into a broken upload.
        _wire.FinishSending();
    }

    /// <summary>Without a reset: some servers still wait for the other side's end, and call a reset a broken transfer.</summary>
    public void Forget() => Dispose();

    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            // Or libssl would call the session broken and not resume it.
            OpenSsl.SetShutdown(_ssl, OpenSsl.SentAndReceived);
            OpenSsl.Free(_ssl);
            _wire.Dispose();
        }
    }

    private static int Check(int result, string call) => result > 0 ? result : throw new LoadException($"TLS {call}: {OpenSsl.Reason()}");
}
