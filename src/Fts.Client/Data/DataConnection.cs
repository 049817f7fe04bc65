using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Fts.Client.Recording;
using Fts.Client.Tls;
using Fts.Protocol.Deflate;
using Fts.Protocol.Rates;

namespace Fts.Client.Data;

/// <summary>
/// An open data connection: a socket, with TLS if the control connection is encrypted, and with compression in MODE Z.
/// </summary>
/// <remarks>
/// The <see cref="FtpDataStream"/> or block pipeline that uses the connection owns it, and ends it with <see cref="ShutDownAsync"/> or
/// <see cref="Reset"/>. One task reads or writes at a time. During an encrypted upload, <see cref="ReadTicketsAsync"/> also reads, in the
/// background. OpenSSL must not send close_notify while a read processes received bytes. Reads of the background task therefore hold
/// <see cref="TlsTransportStream.ProcessingLock"/> while they process bytes, and <see cref="SendCloseNotifyAsync"/> acquires the lock.
/// </remarks>
internal sealed class DataConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly TlsTransportStream? _tlsTransport;
    private readonly SslStream? _tlsStream;
    private readonly bool _isProxied;
    private Task _ticketReading = Task.CompletedTask;
    private BandwidthLimit? _rateLimit;
    private DeflateWriter? _deflateWriter;
    private InflateReader? _inflateReader;

    private DataConnection(Socket socket) => _socket = socket;

    private DataConnection(Socket socket, TlsTransportStream transport, SslStream tlsStream, bool isProxied) =>
        (_socket, _tlsTransport, _tlsStream, _isProxied) = (socket, transport, tlsStream, isProxied);

    /// <summary>Whether encrypted data ended without close_notify (RFC 4217 §11), so that the data may be truncated.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Whether the server resumed the TLS session of the control connection; null without TLS, or if unknown.</summary>
    public bool? IsSessionResumed { get; private set; }

    /// <summary>Records the data; null if it is not recorded.</summary>
    public DataRecording? Recording { get; set; }

    /// <summary>Creates a data connection that owns the connected socket. If that fails, resets the socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="tls">The TLS state of the control connection; null for an unencrypted data connection.</param>
    /// <param name="isSender">Whether the client sends the data.</param>
    /// <param name="isProxied">Whether the socket is connected through a proxy.</param>
    /// <param name="isCompressed">Whether the data is compressed (MODE Z).</param>
    /// <param name="rateLimit">The limit of the speed, which several connections can share; null for none.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <exception cref="FtpTlsException">The handshake failed.</exception>
    public static async Task<DataConnection> OpenAsync(
        Socket socket,
        ConnectionTls? tls,
        bool isSender,
        bool isProxied,
        bool isCompressed,
        BandwidthLimit? rateLimit,
        CancellationToken cancellationToken)
    {
        DataConnection data = await OpenUncompressedAsync(socket, tls, isSender, isProxied, cancellationToken).ConfigureAwait(false);
        data._rateLimit = rateLimit;
        if (isCompressed)
        {
            data._deflateWriter = isSender ? new DeflateWriter(data.WriteAllRawAsync, DeflateWriter.DefaultLevel) : null;
            // Some servers send no byte for an empty file, so a connection without a zlib stream is accepted. The final reply reports
            // whether the transfer succeeded.
            data._inflateReader = isSender ? null : new InflateReader(data.ReadRawAsync, InflateLimit.None, acceptsEmptyConnection: true);
        }

        return data;
    }

    private static async Task<DataConnection> OpenUncompressedAsync(
        Socket socket, ConnectionTls? tls, bool isSender, bool isProxied, CancellationToken cancellationToken)
    {
        if (tls is null)
        {
            return new DataConnection(socket);
        }

        var transport = new TlsTransportStream(socket);
        try
        {
            SslStream tlsStream = await tls.AuthenticateDataAsync(transport, cancellationToken).ConfigureAwait(false);
            var data = new DataConnection(socket, transport, tlsStream, isProxied) { IsSessionResumed = transport.EndDetection() };
            data._ticketReading = isSender ? data.ReadTicketsAsync() : Task.CompletedTask;
            return data;
        }
        catch
        {
            PreparedDataConnection.Reset(socket);
            throw;
        }
    }

    /// <summary>Reads bytes into the buffer and returns their number, or 0 at the end of the data.</summary>
    /// <exception cref="DeflateException">The compressed data is not one complete zlib stream.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _inflateReader is null ? ReadRawAsync(buffer, cancellationToken) : _inflateReader.ReadAsync(buffer, cancellationToken);

    /// <summary>Sends some or all bytes of the buffer and returns their number.</summary>
    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _deflateWriter is null ? WriteRawAsync(buffer, cancellationToken) : WriteDeflatedAsync(buffer, cancellationToken);

    /// <summary>
    /// Ends the data: finishes the compression, sends close_notify and shuts down the socket. The connection of an encrypted upload
    /// stays open until <see cref="CloseAfterConfirmationAsync"/>. Every other connection is disposed.
    /// </summary>
    /// <param name="isSender">Whether the client sent the data. If so, the shutdown of the socket marks the end of the file.</param>
    /// <param name="limit">The time limit for each step.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="FtpTimeoutException">A step takes longer than <paramref name="limit"/>.</exception>
    public async Task ShutDownAsync(bool isSender, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            if (_deflateWriter is not null)
            {
                await _deflateWriter.FinishAsync(cancellationToken).AsTask().WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            }

            Recording?.End(isAborted: false);
            if (_tlsStream is not null)
            {
                await SendCloseNotifyAsync().WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            }

            // An encrypted upload through a proxy is not half-closed, because many proxies then close the whole connection. If session
            // tickets are unread, that close resets the connection, and the reset can destroy data in transit.
            if (isSender && !(_isProxied && _tlsStream is not null))
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException or CryptographicException)
        {
            // The server closed the connection. Its final reply contains the reason.
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

    /// <summary>
    /// Closes the data connection of an encrypted upload after the final reply. Closing a socket with unread session tickets resets the
    /// connection. Before the final reply, such a reset could destroy data in transit.
    /// </summary>
    /// <param name="limit">The time limit for the server to close its side.</param>
    public async Task CloseAfterConfirmationAsync(TimeSpan limit)
    {
        try
        {
            await _ticketReading.WaitAsync(limit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The server has confirmed the transfer, but keeps its side open. The client closes the connection anyway.
        }

        Dispose();
    }

    /// <summary>Resets the connection, because in stream mode a server would treat an orderly close as the end of the file.</summary>
    public void Reset()
    {
        Recording?.End(isAborted: true);
        PreparedDataConnection.Reset(_socket);
        Dispose();
    }

    /// <summary>
    /// Resets the connection while another thread may use it. Does not release the buffers, because the running call of that thread uses
    /// them.
    /// </summary>
    public void ResetFromAnotherThread() => PreparedDataConnection.Reset(_socket);

    public void Dispose()
    {
        _deflateWriter?.Dispose();
        _inflateReader?.Dispose();
        _socket.Dispose();
        _tlsStream?.Dispose();
    }

    private ValueTask<int> ReadRawAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _rateLimit is null ? ReadUnlimitedAsync(buffer, cancellationToken) : ReadLimitedAsync(_rateLimit, buffer, cancellationToken);

    private async ValueTask<int> ReadLimitedAsync(BandwidthLimit limit, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await limit.WaitAsync(cancellationToken).ConfigureAwait(false);
        int read = await ReadUnlimitedAsync(buffer[..Math.Min(buffer.Length, limit.ChunkBytes)], cancellationToken).ConfigureAwait(false);
        limit.Reserve(read);
        return read;
    }

    private ValueTask<int> ReadUnlimitedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ValueTask<int> reading = _tlsStream is null
            ? _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)
            : ReadEncryptedAsync(buffer, cancellationToken);
        return Recording is { } recording ? RecordReadAsync(reading, buffer, recording) : reading;
    }

    private ValueTask<int> WriteRawAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        _rateLimit is null ? WriteUnlimitedAsync(buffer, cancellationToken) : WriteLimitedAsync(_rateLimit, buffer, cancellationToken);

    private async ValueTask<int> WriteLimitedAsync(BandwidthLimit limit, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await limit.WaitAsync(cancellationToken).ConfigureAwait(false);
        buffer = buffer[..Math.Min(buffer.Length, limit.ChunkBytes)];
        limit.Reserve(buffer.Length);
        return await WriteUnlimitedAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<int> WriteUnlimitedAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        ValueTask<int> writing = _tlsStream is null
            ? _socket.SendAsync(buffer, SocketFlags.None, cancellationToken)
            : WriteEncryptedAsync(buffer, cancellationToken);
        return Recording is { } recording ? RecordWriteAsync(writing, buffer, recording) : writing;
    }

    private static async ValueTask<int> RecordReadAsync(ValueTask<int> reading, Memory<byte> buffer, DataRecording recording)
    {
        int read = await reading.ConfigureAwait(false);
        recording.Add(buffer.Span[..read]);
        if (read == 0 && !buffer.IsEmpty)
        {
            recording.End(isAborted: false);
        }

        return read;
    }

    private static async ValueTask<int> RecordWriteAsync(ValueTask<int> writing, ReadOnlyMemory<byte> buffer, DataRecording recording)
    {
        int written = await writing.ConfigureAwait(false);
        recording.Add(buffer.Span[..written]);
        return written;
    }

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
    /// Reads the session tickets and close_notify that the server sends during an upload. A ticket may be valid for one connection only, so
    /// the next data connection needs the tickets of this connection.
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
            // The writer receives the same error, or the connection is being closed.
        }
        finally
        {
            _tlsTransport!.EndProcessing();
        }
    }

    /// <summary>
    /// Sends close_notify between two reads of the background task. OpenSSL rejects close_notify while a session ticket is only partially
    /// received, so the method retries every millisecond.
    /// </summary>
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
                // A ticket is only partially received. The next read may complete it.
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

    /// <summary>
    /// The stream between TLS and the socket. Records whether the TCP data has ended. If the TLS stream ends earlier, the server has sent
    /// close_notify. Also provides the lock that a reader holds while it processes received bytes.
    /// </summary>
    private sealed class TlsTransportStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
    {
        private bool _isProcessing;
        private TlsResumptionDetector? _detector = new();

        /// <summary>Whether the TCP data has ended.</summary>
        public bool HasReachedEnd { get; private set; }

        /// <summary>
        /// The lock that a reader holds from each receipt of bytes until its next read. Not disposed, because it owns no wait handle and is
        /// used even after the end of the connection.
        /// </summary>
        public SemaphoreSlim ProcessingLock { get; } = new(1, 1);

        /// <summary>Whether a reader acquires <see cref="ProcessingLock"/> when it receives bytes.</summary>
        public bool ShouldLockProcessing { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            EndProcessing();
            int read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            HasReachedEnd |= read == 0 && !buffer.IsEmpty;
            _detector?.Add(buffer.Span[..read]);
            if (ShouldLockProcessing)
            {
                await ProcessingLock.WaitAsync(cancellationToken).ConfigureAwait(false);
                _isProcessing = true;
            }

            return read;
        }

        /// <summary>
        /// Ends the examination of received bytes after the handshake. Returns whether the server resumed a session; null if unknown.
        /// </summary>
        public bool? EndDetection()
        {
            bool? isResumed = _detector?.IsResumed;
            _detector = null;
            return isResumed;
        }

        /// <summary>Releases the lock after the received bytes were processed. Does nothing if the reader does not hold the lock.</summary>
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
