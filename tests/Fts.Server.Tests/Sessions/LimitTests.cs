using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>Limits on the number of sessions and on their idle time.</summary>
public sealed class LimitTests
{
    private const string Reply421AndClose = """
        S: 421 *
        S: (end)
        """;

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_session_beyond_the_limit_receives_421_until_another_ends(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { MaxSessions = 2 });
        await using Conversation first = await server.LogInAsync();
        await using (Conversation second = await server.LogInAsync())
        {
            await server.PlayFromGreetingAsync(Reply421AndClose);
            await second.PlayAsync("C: QUIT\nS: 221 *\nS: (end)");
        }

        await server.Log.WaitForAsync(RecordingLogger.Disconnected, times: 1);
        await using Conversation third = await server.LogInAsync();
        await first.PlayAsync("C: NOOP\nS: 200 *");
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_session_beyond_the_limit_per_address_receives_421_until_another_ends(Wire wire)
    {
        await using TestServer server =
            new(wire, configure: options => options with { MaxSessionsPerAddress = 2, ShouldLimitLoopback = true });
        await using Conversation first = await server.LogInAsync();
        await using (Conversation second = await server.LogInAsync())
        {
            await server.PlayFromGreetingAsync(Reply421AndClose);
            await server.PlayFromGreetingAsync(Reply421AndClose);
        }

        await server.Log.WaitForAsync(RecordingLogger.Disconnected, times: 1);
        await using Conversation third = await server.LogInAsync();
        await server.PlayFromGreetingAsync(Reply421AndClose);
    }

    [Fact]
    public async Task An_implicit_tls_session_beyond_the_limit_is_closed_without_a_reply()
    {
        await using TestServer server = new(Wire.Tls13, configure: options => options with { MaxSessions = 1 });
        await using Conversation first = await server.LogInAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => server.ConnectAsync());
        await first.PlayAsync("C: NOOP\nS: 200 *");
    }

    [Fact]
    public async Task Addresses_are_counted_separately()
    {
        await using TestServer server =
            new(Wire.IPv4, configure: options => options with { MaxSessionsPerAddress = 1, ShouldLimitLoopback = true });
        await using Conversation first = await server.LogInAsync();
        await using Conversation other = await server.ConnectAsync(System.Net.IPAddress.Parse("127.0.0.2"));
        await other.PlayAsync("S: 220 *");
    }

    [Fact]
    public async Task A_rejection_by_one_limit_does_not_affect_the_other()
    {
        // At most four sessions, two per address. A rejection by the first limit must not reduce the count of the second.
        await using TestServer server =
            new(Wire.IPv4, configure: options => options with { MaxSessions = 4, MaxSessionsPerAddress = 2, ShouldLimitLoopback = true });
        var others = new List<Conversation>();
        await using Conversation first = await server.LogInAsync(), second = await server.LogInAsync();
        for (int i = 2; i <= 3; i++)
        {
            Conversation other = await server.ConnectAsync(System.Net.IPAddress.Parse($"127.0.0.{i}"));
            await other.PlayAsync("S: 220 *");
            others.Add(other);
        }

        await server.PlayFromGreetingAsync(Reply421AndClose);
        await server.PlayFromGreetingAsync(Reply421AndClose);
        foreach (Conversation other in others)
        {
            await other.PlayAsync("C: QUIT\nS: 221 *\nS: (end)");
            await other.DisposeAsync();
        }

        await server.Log.WaitForAsync(RecordingLogger.Disconnected, times: 2);
        await server.PlayFromGreetingAsync(Reply421AndClose);
    }

    [Theory, OnEveryWire]
    public async Task An_idle_session_receives_421_and_is_closed(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { IdleTimeout = TimeSpan.FromMilliseconds(500) });
        await server.PlayAsync("""
            S: 421 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_client_that_does_not_log_in_receives_421_and_is_closed(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { LoginTimeout = TimeSpan.FromMilliseconds(500) });
        await server.PlayFromGreetingAsync("""
            S: 220 *
            S: 421 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task Repeated_user_commands_do_not_extend_the_login_time_limit(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { LoginTimeout = TimeSpan.FromMilliseconds(500) });
        await using Conversation client = await server.ConnectAsync();
        string? reply = await client.ReadLineAsync();
        while (!reply!.StartsWith("421 ", StringComparison.Ordinal))
        {
            await client.SendAsync("USER x");
            reply = await client.ReadLineAsync();
        }
    }
}
