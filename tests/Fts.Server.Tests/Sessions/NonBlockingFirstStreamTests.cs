using System.Net;
using System.Net.Sockets;
using Fts.Server.Sessions;

namespace Fts.Server.Tests.Sessions;

/// <summary>The stream transfers all bytes in order, waits if necessary, and reports a reset.</summary>
public sealed class NonBlockingFirstStreamTests : IDisposable
{
    private readonly Socket _peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly NonBlockingFirstStream _stream;

    public NonBlockingFirstStreamTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _peer.Connect(listener.LocalEndPoint!);
        _stream = new NonBlockingFirstStream(listener.Accept(), ownsSocket: true);
    }

    private static CancellationToken Stopping => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _stream.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public async Task Bytes_beyond_the_socket_buffer_are_sent_asynchronously()
    {
        byte[] sent = new byte[32 * 1024 * 1024];
        new Random(1).NextBytes(sent);
        Task writing = _stream.WriteAsync(sent, Stopping).AsTask();
        Assert.False(writing.IsCompleted); // larger than any socket buffer

        byte[] received = new byte[sent.Length];
        await using (var peer = new NetworkStream(_peer))
        {
            await peer.ReadExactlyAsync(received, Stopping);
        }

        await writing;
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task A_read_waits_for_data()
    {
        byte[] buffer = new byte[10];
        ValueTask<int> waiting = _stream.ReadAsync(Memory<byte>.Empty, Stopping), reading;
        Assert.False(waiting.IsCompleted);
        _peer.Send("one"u8);
        await waiting;
        Assert.Equal(3, await _stream.ReadAsync(buffer, Stopping));

        reading = _stream.ReadAsync(buffer, Stopping);
        Assert.False(reading.IsCompleted);
        _peer.Send("four"u8);
        Assert.Equal(4, await reading);

        _peer.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await _stream.ReadAsync(buffer, Stopping));
    }

    [Fact]
    public async Task A_reset_throws_instead_of_ending_the_stream()
    {
        byte[] buffer = new byte[10];
        _peer.Send("x"u8);
        Assert.Equal(1, await _stream.ReadAsync(buffer, Stopping));
        _peer.LingerState = new LingerOption(true, 0);
        _peer.Close(); // on loopback the reset has arrived when this returns
        await Assert.ThrowsAsync<IOException>(async () => Assert.Equal(-1, await _stream.ReadAsync(buffer, Stopping)));
    }

    [Fact]
    public async Task A_cancelled_token_prevents_the_operation()
    {
        var cancelled = new CancellationToken(canceled: true);
        _peer.Send("x"u8);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _stream.WriteAsync("y"u8.ToArray(), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => Assert.Equal(-1, await _stream.ReadAsync(new byte[1], cancelled)));
        Assert.Equal(0, _peer.Available);
        Assert.Equal(1, await _stream.ReadAsync(new byte[1], Stopping));
    }
}
