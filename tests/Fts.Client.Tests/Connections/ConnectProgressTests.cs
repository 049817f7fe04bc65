using System.Net;
using System.Security.Authentication;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Connections;

/// <summary>Progress reports while a connection opens, and disconnecting a client during a call.</summary>
public sealed class ConnectProgressTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_stage_of_an_unencrypted_connection_is_reported_with_the_address()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + "C: NOOP\nS: 200 ok");
        var steps = new Steps();
        await using var client = new FtpClient(peer.Options with { ConnectProgress = steps });
        await client.SendAsync("NOOP", null, Token);
        var address = new IPEndPoint(IPAddress.Loopback, peer.Port);
        Assert.Equal(
            [new(FtpConnectStage.Connecting, address), new(FtpConnectStage.AwaitingGreeting, address),
                new(FtpConnectStage.LoggingIn, address)], steps.All);
        Assert.Equal(SslProtocols.None, client.TlsVersion);
    }

    [Fact]
    public async Task A_host_name_is_resolved_first()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi");
        var steps = new Steps();
        await using FtpConnection connection =
            await FtpConnection.ConnectAsync(peer.Options with { Host = "localhost", ConnectProgress = steps }, Token);
        Assert.Equal(new FtpConnectProgress(FtpConnectStage.ResolvingName, null), steps.All[0]);
        Assert.Contains(new FtpConnectProgress(FtpConnectStage.Connecting, new IPEndPoint(IPAddress.Loopback, peer.Port)), steps.All);
    }

    [Fact]
    public async Task After_a_disconnect_the_running_call_fails_and_the_next_one_connects_again()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("X") + "C: NOOP\n? never", ScriptedPeer.Login("X") + "C: NOOP\nS: 200 fresh");
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var client = new FtpClient(peer.Options with
        {
            Trace = trace =>
            {
                if (trace is { IsSent: true, Line: "NOOP" })
                {
                    sent.TrySetResult();
                }
            },
        });
        Task waiting = client.SendAsync("NOOP", null, Token);
        await sent.Task.WaitAsync(Token);
        client.Disconnect();
        await Assert.ThrowsAnyAsync<FtpConnectionException>(() => waiting);
        Assert.Equal("fresh", (await client.SendAsync("NOOP", null, Token)).Text);
    }

    private sealed class Steps : IProgress<FtpConnectProgress>
    {
        public List<FtpConnectProgress> All { get; } = [];

        public void Report(FtpConnectProgress value) => All.Add(value);
    }
}
