using System.Globalization;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>TCP keep-alive of control connections. Linux shows each connection's timers in /proc/net/tcp.</summary>
public sealed class KeepAliveTests
{
    [Fact]
    public async Task A_control_connection_sends_keep_alive_probes_after_60_s_of_silence()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc/net/tcp exists on Linux only.");
        await using var server = new TestServer(Wire.IPv4);
        await using Conversation client = await server.LogInAsync();
        (string timer, double seconds) = await ReadTimerAsync(server.EndPoint.Port);

        // Timer 2 is the keep-alive timer. The kernel counts it down from 60 s.
        Assert.Equal("02", timer);
        Assert.InRange(seconds, 0, 60);
    }

    [Fact]
    public async Task No_probes_are_sent_if_the_time_is_zero()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc/net/tcp exists on Linux only.");
        await using var server = new TestServer(Wire.IPv4, configure: options => options with { ControlKeepAlive = TimeSpan.Zero });
        await using Conversation client = await server.LogInAsync();
        Assert.Equal("00", (await ReadTimerAsync(server.EndPoint.Port)).Timer);
    }

    /// <summary>Returns the timer of the server's side of its one connection, once no retransmission is pending.</summary>
    private static async Task<(string Timer, double Seconds)> ReadTimerAsync(int port)
    {
        string local = $":{port:X4}";
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            foreach (string line in await File.ReadAllLinesAsync("/proc/net/tcp", TestContext.Current.CancellationToken))
            {
                // sl, local address, remote address, state (01 is established), queues, timer:ticks
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words[1].EndsWith(local, StringComparison.Ordinal) && words[3] == "01" && words[5]
                    .Split(':') is [not ("01" or "04"), _] timer)
                {
                    return (timer[0], long.Parse(timer[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 100.0);
                }
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
