using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Fts.Protocol.Deflate;

namespace Fts.Client;

/// <summary>A data connection that stands: a socket, TLS over it where the control connection has that, and compression over that in MODE Z.</summary>
/// <remarks>Owned by its <see cref="FtpDataStream"/>, which says whether it ends in order (<see cref="Dispose"/>) or by a reset.</remarks>
internal sealed class DataSocket : IDisposable
{
    private readonly Socket _socket;
    private readonly EndNotingStream? _end;
    private readonly SslStream? _stream;
    private readonly bool _isTunnelled;
    private Task _listening = Task.CompletedTask;
    private DeflateWriter? _deflate;
    private InflateReader? _inflate;

    private DataSocket(Socket socket) => _socket = socket;

    private DataSocket(Socket socket, EndNotingStream end, SslStream stream, bool isTunnelled) => (_socket, _end, _stream, _isTunnelled) = (socket, end, stream, isTunnelled);

    /// <summary>The data ended without the close_notify that tells a sender's end from a cut (RFC 4217 §11).</summary>
    public bool WasCut { get; private set; }

    /// <summary>Takes a connected socket over, and shakes hands where <paramref name="tls"/> is given. On failure the socket is closed by a reset.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="tls">The control connection's encryption.</param>
    /// <param name="isSender">Whether this side sends the data.</param>
    /// <param name="isTunnelled">Whether a proxy stands between.</param>
    /// <param name="isDeflated">Whether it travels compressed.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="FtpTlsException">The handshake failed.</exception>
    public static async Task<DataSocket> OpenAsync(Socket socket, ConnectionTls? tls, bool isSender, bool isTunnelled, bool isDeflated, CancellationToken cancellationToken)
    {
        DataSocket data = await OpenAsync(socket, tls, isSender, isTunnelled, cancellationToken).ConfigureAwait(false);
        if (isDeflated)
        {
            data._deflate = isSender ? new DeflateWriter(data.WriteAllAsIsAsync, DeflateWriter.DefaultLevel) : null;
            // Some servers send no byte for an empty file; whether it is one, their final reply tells.
            data._inflate = isSender ? null : new InflateReader(data.ReadAsIsAsync, InflateLimit.None, acceptsEmptyConnection: true);
        }

        return data;
    }

    private static async Task<DataSocket> OpenAsync(Socket socket, ConnectionTls? tls, bool isSender, bool isTunnelled, CancellationToken cancellationToken)
    {
        if (tls is null)
        {
            return new DataSocket(socket);
        }

        var end = new EndNotingStream(socket);
        try
        {
            var data = new DataSocket(socket, end, await tls.SecureDataAsync(end, cancellationToken).ConfigureAwait(false), isTunnelled);
            data._listening = isSender ? data.ListenAsync() : Task.CompletedTask;
            return data;
        }
        catch
        {
            DataLink.Reset(socket);
            throw;
        }
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="DeflateException">What came compressed is not one whole zlib stream.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _inflate is null ? ReadAsIsAsync(buffer, cancellationToken) : _inflate.ReadAsync(buffer, cancellationToken);

    /// <summary>Sends some bytes; returns how many.</summary>
    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _deflate is null ? WriteAsIsAsync(buffer, cancellationToken) : WriteDeflatedAsync(buffer, cancellationToken);

    /// <summary>Says that all was sent. Servers that miss the close_notify call the transfer broken.</summary>
    /// <param name="isSender">Whether this side sent the data: then its end is the end of the file.</param>
    /// <param name="limit">How long that may take.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task FinishAsync(bool isSender, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            if (_deflate is not null)
            {
                await _deflate.FinishAsync(cancellationToken).AsTask().WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            }

            if (_stream is not null)
            {
                await SayEndAsync().WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            }

            // Many proxies answer half a close with a whole one, and with the server's tickets unread that is a reset, which overtakes the data.
            if (isSender && !(_isTunnelled && _stream is not null))
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
            throw new FtpTimeoutException(FtpConnectionPhase.Transfer, limit, e);
        }

        if (_stream is null || !isSender)
        {
            Dispose();
        }
    }

    /// <summary>Closes an encrypted upload once the server has confirmed it: closed before, with something unread, it would be reset, and that can overtake the data.</summary>
    public async Task CloseConfirmedAsync(TimeSpan limit)
    {
        try
        {
            await _listening.WaitAsync(limit).ConfigureAwait(false);
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
        DataLink.Reset(_socket);
        Dispose();
    }

    /// <summary>Resets the connection from another thread. The buffers stay allocated, because a call may still be using them.</summary>
    public void ResetFromOutside() => DataLink.Reset(_socket);

    public void Dispose()
    {
        _deflate?.Dispose();
        _inflate?.Dispose();
        _socket.Dispose();
        _stream?.Dispose();
    }

    private ValueTask<int> ReadAsIsAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _stream is null ? _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken) : ReadEncryptedAsync(buffer, cancellationToken);

    private ValueTask<int> WriteAsIsAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _stream is null ? _socket.SendAsync(buffer, SocketFlags.None, cancellationToken) : WriteEncryptedAsync(buffer, cancellationToken);

    private async ValueTask WriteAllAsIsAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[await WriteAsIsAsync(buffer, cancellationToken).ConfigureAwait(false)..];
        }
    }

    private async ValueTask<int> WriteDeflatedAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await _deflate!.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer.Length;
    }

    /// <summary>
    /// Reads what a server says that receives: its session tickets and its close_notify. Each ticket may be good for one connection only, so those
    /// that come here are needed for the next.
    /// </summary>
    private async Task ListenAsync()
    {
        try
        {
            _end!.Alternates = true;
            byte[] buffer = new byte[512];
            while (await _stream!.ReadAsync(buffer).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
        {
            // The writer meets the same error, or the connection is being closed.
        }
        finally
        {
            _end!.HasBeenRead();
        }
    }

    /// <summary>Sends close_notify, between two reads: OpenSSL takes no two calls at once, and none in the middle of a ticket whose rest is still on its way.</summary>
    private async Task SayEndAsync()
    {
        while (true)
        {
            await _end!.Quiet.WaitAsync().ConfigureAwait(false);
            try
            {
                await _stream!.ShutdownAsync().ConfigureAwait(false);
                return;
            }
            catch (CryptographicException) when (!_end.HasEnded && !_listening.IsCompleted)
            {
                // In the middle of one.
            }
            finally
            {
                _end.Quiet.Release();
            }

            await Task.Delay(1).ConfigureAwait(false);
        }
    }

    private async ValueTask<int> ReadEncryptedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await _stream!.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        WasCut |= read == 0 && _end!.HasEnded && !buffer.IsEmpty;
        return read;
    }

    private async ValueTask<int> WriteEncryptedAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await _stream!.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer.Length;
    }

    /// <summary>Notes the end of TCP: a TLS stream that ends without it has read a close_notify. And tells when nothing that came is still being looked at.</summary>
    private sealed class EndNotingStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
    {
        private bool _isBeingRead;

        public bool HasEnded { get; private set; }

        /// <summary>Held from each arrival of bytes until the next are asked for. Never disposed: it has no handle, and is asked for after the end.</summary>
        public SemaphoreSlim Quiet { get; } = new(1, 1);

        /// <summary>Whether somebody else will want a quiet moment.</summary>
        public bool Alternates { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            HasBeenRead();
            int read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            HasEnded |= read == 0 && !buffer.IsEmpty;
            if (Alternates)
            {
                await Quiet.WaitAsync(cancellationToken).ConfigureAwait(false);
                _isBeingRead = true;
            }

            return read;
        }

        /// <summary>What came last has been looked at.</summary>
        public void HasBeenRead()
        {
            if (_isBeingRead)
            {
                _isBeingRead = false;
                Quiet.Release();
            }
        }
    }
}
