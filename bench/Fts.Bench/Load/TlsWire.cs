namespace Fts.Bench.Load;

/// <summary>A connection with TLS 1.3. Owns the underlying connection.</summary>
internal sealed unsafe class TlsWire : IWire
{
    private const int MaxRecordsLength = 256 << 10;

    [ThreadStatic]
    private static byte[]? t_dropped;

    private readonly Wire _wire;
    private readonly nint _ssl;
    private bool _isDisposed;

    /// <summary>
    /// Performs the handshake and offers to resume <paramref name="session"/>, if it is not 0. The caller keeps the session.
    /// </summary>
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
            string reason = OpenSsl.TakeError();
            Dispose();
            throw new MeasurementException("TLS 1.3 handshake: " + reason);
        }
    }

    public bool IsResumed => OpenSsl.IsResumed(_ssl) == 1;

    /// <summary>Returns the newest session with a ticket from the server, or 0. The caller frees it.</summary>
    public nint GetSession()
    {
        nint session = OpenSsl.GetSession(_ssl);
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
                sent += Check(OpenSsl.Write(_ssl, start + sent, Math.Min(MaxRecordsLength, bytes.Length - sent)), "write");
            }
        }
    }

    public long SendPayload(Payload payload, nint length)
    {
        fixed (byte* start = payload.Bytes)
        {
            return Check(OpenSsl.Write(_ssl, start, (int)Math.Min(MaxRecordsLength, length)), "write");
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

    /// <summary>Decrypts the bytes and discards them. The end of the stream is visible only after decryption.</summary>
    public long Discard(nint length) =>
        Receive((t_dropped ??= new byte[MaxRecordsLength]).AsSpan(0, (int)Math.Min(MaxRecordsLength, length)));

    public void FinishSending()
    {
        _ = OpenSsl.Shutdown(_ssl);
        // With unread tickets, closing would send a reset, and the server would report a truncated upload.
        _wire.FinishSending();
    }

    /// <summary>
    /// Closes without a reset, because some servers still wait for the end of the connection and report a reset as a failed transfer.
    /// </summary>
    public void CloseAfterServer() => Dispose();

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            // Otherwise libssl would not resume the session.
            OpenSsl.SetShutdown(_ssl, OpenSsl.SentAndReceived);
            OpenSsl.Free(_ssl);
            _wire.Dispose();
        }
    }

    private static int Check(int result, string call) =>
        result > 0 ? result : throw new MeasurementException($"TLS {call}: {OpenSsl.TakeError()}");
}
