using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server.Data.Passive;
using Fts.Server.Sessions;
using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Sessions;

/// <summary>The server's background loops log an unexpected exception and continue.</summary>
public sealed class LoopTests
{
    private const int LoopFailed = 54;

    [Fact]
    public async Task The_accept_loop_continues_after_a_connection_that_fails()
    {
        var log = new RecordingLogger();
        using var stopping = new CancellationTokenSource();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var second = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        int accepted = 0;
        Task loop = ControlListener.AcceptAsync(listener, Welcome, () => { }, log, stopping.Token);

        using (Socket client = await ConnectAsync(listener))
        {
            // closed by the loop
            Assert.Equal(0, await client.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken).WithDeadline());
        }

        await log.WaitForAsync(LoopFailed);
        using (await ConnectAsync(listener))
        {
            (await second.Task.WithDeadline()).Dispose();
        }

        await stopping.CancelAsync();
        await loop.WithDeadline();

        void Welcome(Socket socket)
        {
            if (++accepted == 1)
            {
                throw new InvalidOperationException("unexpected");
            }

            second.SetResult(socket);
        }
    }

    [Fact]
    public async Task The_sweep_of_partial_uploads_continues_after_a_store_that_fails()
    {
        var swept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int sweeps = 0;
        var store = new HookedStore { BeforeSweep = _ => Sweep() };
        await using TestServer server =
            new(Wire.IPv4, store, options => options with { PartialUploadLifetime = TimeSpan.FromMilliseconds(1) });
        await server.Log.WaitForAsync(LoopFailed);
        await swept.Task.WithDeadline();

        Task Sweep()
        {
            if (++sweeps == 1)
            {
                return Task.FromException(new OperationCanceledException("unexpected"));
            }

            swept.TrySetResult();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task The_resolution_of_passive_addresses_continues_after_a_resolver_that_fails()
    {
        var log = new RecordingLogger();
        bool fails = true;
        var addresses = new PassiveAddresses(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly),
            PassiveAddresses = [new FtpPassiveAddress("ftp.example.org")],
            Logger = log,
            ResolveNameAsync = (_, _) => fails ? throw new InvalidOperationException("unexpected")
                : Task.FromResult<IPAddress[]>([IPAddress.Parse("192.0.2.1")]),
        });
        Assert.False(await addresses.ResolveAsync(TestContext.Current.CancellationToken));
        await log.WaitForAsync(LoopFailed);
        fails = false;
        Assert.True(await addresses.ResolveAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<Socket> ConnectAsync(Socket listener)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken).WithDeadline();
        return client;
    }
}
