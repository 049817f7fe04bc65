using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Pool;

public sealed class PoolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ConnectAsync_throws_the_errors_of_the_first_connection()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: USER anonymous\nS: 530 no");
        await using var client = new FtpClient(peer.Options);
        Assert.Throws<InvalidOperationException>(() => client.Features);
        await Assert.ThrowsAsync<FtpLoginException>(() => client.ConnectAsync(Token));
    }

    [Fact]
    public async Task One_connection_serves_one_call_after_another()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + "C: NOOP\nS: 200 a\nC: NOOP\nS: 200 b");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ConnectAsync(Token);
            Assert.True(client.Features.Supports("size"));
            Assert.Equal("hello", client.Greeting.Text);
            Assert.Equal("a", (await client.SendAsync("NOOP", null, Token)).Text);
            Assert.Equal("b", (await client.SendAsync("NOOP", null, Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Simultaneous_calls_use_separate_connections_up_to_the_limit()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + "C: HELP *\n? one\nS: 200 one\nC: HELP *\nS: 200 three",
            ScriptedPeer.Login() + "C: HELP *\n? two\nS: 200 two");
        await using (var client = new FtpClient(peer.Options with { MaxConnections = 2 }))
        {
            List<Task<Protocol.FtpReply>> calls = [.. Enumerable.Range(0, 3).Select(i => client.SendAsync("HELP", $"{i}", Token))];
            peer.OpenGate("one");
            var texts = new List<string>();
            while (calls.Count > 0)
            {
                Task<Protocol.FtpReply> done = await Task.WhenAny(calls);
                texts.Add((await done).Text);
                calls.Remove(done);
                if (calls.Count == 1)
                {
                    peer.OpenGate("two");
                }
            }

            // A connection is released before its caller continues, so the first two may arrive in either order.
            Assert.Equal("two", texts[2]);
            Assert.Equal(["one", "three"], texts[..2].Order(StringComparer.Ordinal));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 421 too many connections")]
    [InlineData("S: 530 too many connections")]
    [InlineData("S: 220 hi\nC: USER anonymous\nS: 530 only one connection per user")]
    public async Task One_connection_is_used_if_the_server_refuses_the_second(string refusal)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + "C: HELP 1\n? refused\nS: 200 one\nC: HELP 2\nS: 200 two\nC: HELP 3\nS: 200 three", refusal + "\nX");
        await using (
            var client = new FtpClient(
                peer.Options with { MaxConnections = 2, LoggerFactory = new LimitLogger(() => peer.OpenGate("refused")) }))
        {
            await client.ConnectAsync(Token);
            Task<Protocol.FtpReply> first = client.SendAsync("HELP", "1", Token);
            Task<Protocol.FtpReply> second = client.SendAsync("HELP", "2", Token);
            Assert.Equal("one", (await first).Text);
            Assert.Equal("two", (await second).Text);
            Assert.Equal("three", (await client.SendAsync("HELP", "3", Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_connection_the_server_closed_while_idle_is_replaced_without_an_error()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login() + "S: 421 idle\nX\n! closed", ScriptedPeer.Login() + "C: NOOP\nS: 200 fresh");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ConnectAsync(Token);
            await peer.WaitForSignalAsync("closed");
            Assert.Equal("fresh", (await client.SendAsync("NOOP", null, Token)).Text);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_connection_is_checked_after_a_long_idle_time()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + "C: NOOP\nX", ScriptedPeer.Login() + "C: DELE a\nS: 250 gone");
        FtpClientOptions options = peer.Options;
        await using (
            var client = new FtpClient(options with { Timeouts = options.Timeouts with { IdleProbeAfter = TimeSpan.FromTicks(1) } }))
        {
            await client.ConnectAsync(Token);
            await client.DeleteFileAsync("a", Token);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_command_that_was_sent_is_never_sent_again()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + "C: DELE a\nX");
        await using var client = new FtpClient(peer.Options);
        await client.ConnectAsync(Token);
        await Assert.ThrowsAsync<FtpConnectionException>(() => client.DeleteFileAsync("a", Token));
    }

    [Fact]
    public async Task A_disposed_client_throws_ObjectDisposedException()
    {
        await using var peer = ScriptedPeer.Start();
        var client = new FtpClient(peer.Options);
        await client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.ConnectAsync(Token));
    }

    /// <summary>Calls back when the pool logs a lowered connection limit.</summary>
    private sealed class LimitLogger(Action onLimit) : Microsoft.Extensions.Logging.ILoggerFactory, Microsoft.Extensions.Logging.ILogger
    {
        public void AddProvider(Microsoft.Extensions.Logging.ILoggerProvider provider)
        {
        }

        public Microsoft.Extensions.Logging.ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state,
            Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 4)
            {
                onLimit();
            }
        }
    }
}
