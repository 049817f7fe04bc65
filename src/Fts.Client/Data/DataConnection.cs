using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Fts.Client.Tls;
using Fts.Protocol.Deflate;

namespace Fts.Client.Data;

/// <summary>A data connection that stands: a socket, TLS over it where the control connection has that, and compression over that in MODE Z.</summary>
/// <remarks>Owned by its <see cref="FtpDataStream"/>, which says whether it ends in order (<see cref="Dispose"/>) or by a reset.</remarks>
internal sealed class DataConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly TlsTransportStream? _tlsTransport;
    private readonly SslStream? _tlsStream;
    private readonly bool _isProxied;
    private Task _ticketReading = Task.CompletedTask;
    private DeflateWriter? _deflateWriter;
    private InflateReader? _inflateReader;

    private DataConnection(Socket socket) => _socket = socket;

    private DataConnection(Socket socket, TlsTransportStream transport, SslStream tlsStream, bool isProxied) => (_socket, _tlsTransport, _tlsStream, _isProxied) = (socket, transport, tlsStream, isProxied);

    /// <summary>The data ended without the close_notify that tells a sender's end from a cut (RFC 4217 §11).</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Takes a connected socket over, and shakes hands where <paramref name="tls"/> is given. On failure the socket is closed by a reset.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="tls">The control connection's encryption.</param>
    /// <param name="isSender">Whether this side sends the data.</param>
    /// <param name="isProxied">Whether a proxy stands between.</param>
    /// <param name="isCompressed">Whether it travels compressed.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="FtpTlsException">The handshake failed.</exception>
    public static async Task<DataConnection> OpenAsync(Socket socket, ConnectionTls? tls, bool isSender, bool isProxied, bool isCompressed, CancellationToken cancellationToken)
    {
        DataConnection data = await OpenAsync(socket, tls, isSender, isProxied, cancellationToken).ConfigureAwait(false);
        if (isCompressed)
        {
            data._deflateWriter = isSender ? new DeflateWriter(data.WriteAllRawAsync, DeflateWriter.DefaultLevel) : null;
            // Some servers send no byte for an empty file; whether it is one, their final reply tells.
            data._inflateReader = isSender ? null : new InflateReader(data.ReadRawAsync, InflateLimit.None, acceptsEmptyConnection: true);
        }

        return data;
    }

    private static async Task<DataConnection> OpenAsync(Socket socket, ConnectionTls? tls, bool isSender, bool isProxied, CancellationToken cancellationToken)
    {
        if (tls is null)
        {
            return new DataConnection(socket);
        }

        var end = new TlsTransportStream(socket);
        try
        {
            var data = new DataConnection(socket, end, await tls.AuthenticateDataAsync(end, cancellationToken).ConfigureAwait(false), isProxied);
            data._ticketReading = isSender ? data.ReadTicketsAsync() : Task.CompletedTask;
            return data;
        }
        catch
        {
            PreparedDataConnection.Reset(socket);
            throw;
        }
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="DeflateException">What came compressed is not one whole zlib stream.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _inflateReader is null ? ReadRawAsync(buffer, cancellationToken) : _inflateReader.ReadAsync(buffer, cancellationToken);

    /// <summary>Sends some bytes; returns how many.</summary>
    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _deflateWriter is null ? WriteRawAsync(buffer, cancellationToken) : WriteDeflatedAsync(buffer, cancellationToken);

    /// <summary>Says that all was sent. Servers that miss the close_notify call the transfer broken.</summary>
    /// <param name="isSender">Whether this side sent the data: then its end is the end of the file.</param>
    /// <param name="limit">How long that may take.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task ShutDownAsync(bool isSender, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            if (_deflateWriter is not null)
            {
                await _deflateWriter.FinishAsync(cancellationToken).AsTask().WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            }

            if (_tlsStream is not null)
            {
                await SendCloseNotifyAsync().WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            }

            // Many proxies answer half a close with a whole one, and with the server's tickets unread that is a reset, which overtakes the data.
            if (isSender && !(_isProxied && _tlsStream is not null))
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException or CryptographicException)
        {
            // The other side is gone; its final reply will say so.
        }
        catch (TimeoutException e)
        {
            throw new FtpTimeoutException(FtpOperationPhase.Transfer, limit, e);
        }

        if (_tlsStream is null || !isSender)
        {
            Dispose();
        }
    }

    /// <summary>Closes an encrypted upload once the server has confirmed it: closed before, with something unread, it would be reset, and that can overtake the data.</summary>
    public async Task CloseAfterConfirmationAsync(TimeSpan limit)
    {
        try
        {
            await _ticketReading.WaitAsync(limit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It confirmed; how it leaves is its own affair.
        }

        Dispose();
    }

    /// <summary>A reset instead of an end: in stream mode an orderly close would make half a file look whole to the server.</summary>
    public void Reset()
    {
        PreparedDataConnection.Reset(_socket);
        Dispose();
    }

    /// <summary>Resets the connection from another thread. The buffers stay allocated, because a call may still be using them.</summary>
    public void ResetFromAnotherThread() => PreparedDataConnection.Reset(_socket);

    public void Dispose()
    {
        _deflateWriter?.Dispose();
        _inflateReader?.Dispose();
        _socket.Dispose();
        _tlsStream?.Dispose();
    }

    private ValueTask<int> ReadRawAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _tlsStream is null ? _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken) : ReadEncryptedAsync(buffer, cancellationToken);

    private ValueTask<int> WriteRawAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _tlsStream is null ? _socket.SendAsync(buffer, SocketFlags.None, cancellationToken) : WriteEncryptedAsync(buffer, cancellationToken);

    private async ValueTask WriteAllRawAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[await WriteRawAsync(buffer, cancellationToken).ConfigureAwait(false)..];
        }
    }

    private async ValueTask<int> WriteDeflatedAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await _deflateWriter!.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer.Length;
    }

    /// <summary>
    /// Reads what a server says that receives: its session tickets and its close_notify. Each ticket may be good for one connection only, so those
    /// that come here are needed for the next.
    /// </summary>
    private async Task ReadTicketsAsync()
    {
        try
        {
            _tlsTransport!.ShouldLockProcessing = true;
            byte[] buffer = new byte[512];
            while (await _tlsStream!.ReadAsync(buffer).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
        {
            // The writer meets the same error, or the connection is being closed.
        }
        finally
        {
            _tlsTransport!.EndProcessing();
        }
    }

    /// <summary>Sends close_notify, between two reads: OpenSSL takes no two calls at once, and none in the middle of a ticket whose rest is still on its way.</summary>
    private async Task SendCloseNotifyAsync()
    {
        while (true)
        {
            await _tlsTransport!.ProcessingLock.WaitAsync().ConfigureAwait(false);
            try
            {
                await _tlsStream!.ShutdownAsync().ConfigureAwait(false);
                return;
            }
            catch (CryptographicException) when (!_tlsTransport.HasReachedEnd && !_ticketReading.IsCompleted)
            {
                // In the middle of one.
            }
            finally
            {
                _tlsTransport.ProcessingLock.Release();
            }

            await Task.Delay(1).ConfigureAwait(false);
        }
    }

    private async ValueTask<int> ReadEncryptedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await _tlsStream!.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        IsTruncated |= read == 0 && _tlsTransport!.HasReachedEnd && !buffer.IsEmpty;
        return read;
    }

    private async ValueTask<int> WriteEncryptedAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await _tlsStream!.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer.Length;
    }

    /// <summary>Notes the end of TCP: a TLS stream that ends without it has read a close_notify. And tells when nothing that came is still being looked at.</summary>
    private sealed class TlsTransportStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
    {
        private bool _isProcessing;

        public bool HasReachedEnd { get; private set; }

        /// <summary>Held from each arrival of bytes until the next are asked for. Never disposed: it has no handle, and is asked for after the end.</summary>
        public SemaphoreSlim ProcessingLock { get; } = new(1, 1);

        /// <summary>Whether somebody else will want a quiet moment.</summary>
        public bool ShouldLockProcessing { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            EndProcessing();
            int read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            HasReachedEnd |= read == 0 && !buffer.IsEmpty;
            if (ShouldLockProcessing)
            {
                await ProcessingLock.WaitAsync(cancellationToken).ConfigureAwait(false);
                _isProcessing = true;
            }

            return read;
        }

        /// <summary>What came last has been looked at.</summary>
        public void EndProcessing()
        {
            if (_isProcessing)
            {
                _isProcessing = false;
                ProcessingLock.Release();
            }
        }
    }
}
