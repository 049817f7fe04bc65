using System.Net;
using System.Net.Sockets;
using Fts.Server.Data;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>Tests how a pump observes the abort of its transfer.</summary>
public sealed class TransferTests
{
    /// <summary>
    /// The abort shuts the connection down. A pump that mistook the shutdown for the end of the upload would publish a part of the file, so
    /// the token must be cancelled first.
    /// </summary>
    [Fact]
    public async Task A_pump_that_sees_the_end_of_the_data_finds_its_token_cancelled()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        for (int i = 0; i < 200; i++)
        {
            using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await peer.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken).WithDeadline();
            using Socket data = await listener.AcceptAsync(TestContext.Current.CancellationToken).WithDeadline();
            using var transfer = new Transfer("STOR a");
            transfer.AttachDataSocket(data);
            Task<bool> pump = Task.Factory.StartNew(
                () => data.Receive(new byte[1]) == 0 && transfer.Token.IsCancellationRequested,
                TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            transfer.Abort(AbortReason.ClientSentAbor);
            Assert.True(await pump.WithDeadline());
        }
    }
}
