using System.Net;
using System.Net.Sockets;
using Fts.Client.Connections;
using Fts.Client.Data;
using Fts.Client.Tests.Support;
using Fts.Protocol.Rates;

namespace Fts.Client.Tests.Data;

/// <summary>Data connections with <see cref="FtpClientOptions.MaxBytesPerSecond"/>.</summary>
public sealed class RateLimitTests
{
    /// <summary>The time after which a second byte may follow the first.</summary>
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_transfers_the_next_byte_when_its_time_has_come(bool isSender)
    {
        var clock = new FakeClock();
        (Socket socket, Socket peer) = await ConnectAsync();
        using Socket ownedPeer = peer;
        await peer.SendAsync("abc"u8.ToArray(), Token);
        using DataConnection data = await DataConnection.OpenAsync(
            socket, null, isSender, isProxied: false, isCompressed: false, new BandwidthLimit(1, clock), Token);
        byte[] buffer = "abc"u8.ToArray();
        Assert.Equal(1, await TransferAsync());
        Task<int> second = TransferAsync();
        await clock.WaitForTimersAsync(Delay);
        Assert.False(second.IsCompleted);
        clock.Advance(Delay);
        Assert.Equal(1, await second);

        async Task<int> TransferAsync() => isSender ? await data.WriteAsync(buffer, Token) : await data.ReadAsync(buffer, Token);
    }

    [Fact]
    public void The_limit_is_shared_by_the_connections_of_a_client_and_must_be_positive()
    {
        var options = new FtpClientOptions { Host = "127.0.0.1", MaxBytesPerSecond = 1000 };
        Assert.Equal(1000, new ServerProfile(options).RateLimit!.BytesPerSecond);
        Assert.Null(new ServerProfile(options with { MaxBytesPerSecond = null }).RateLimit);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FtpClient(options with { MaxBytesPerSecond = 0 }));
    }

    private static async Task<(Socket Socket, Socket Peer)> ConnectAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint, Token);
        return (socket, await listener.AcceptSocketAsync(Token));
    }
}
