using Fts.ProgramTests.Support;
using Fts.Serving.Service;

namespace Fts.ProgramTests.Serving.Service;

/// <summary>Tests of the messages to the service manager.</summary>
public sealed class ServiceNotifierTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_arrive_in_order(bool isAbstract)
    {
        using var manager = new NotifySocket(isAbstract ? $"@fts-test-{Guid.NewGuid():N}" : _folder["notify"]);
        using var notifier = new ServiceNotifier(Variables(("NOTIFY_SOCKET", manager.Address)));
        Assert.Null(notifier.Failure);
        notifier.NotifyReady("listening");
        notifier.NotifyReloading(new FixedClock());
        notifier.NotifyWatchdog("2 sessions");
        notifier.NotifyStopping();
        Assert.Equal("READY=1\nSTATUS=listening", await manager.ReceiveAsync());
        Assert.Equal("RELOADING=1\nMONOTONIC_USEC=12345678", await manager.ReceiveAsync());
        Assert.Equal("WATCHDOG=1\nSTATUS=2 sessions", await manager.ReceiveAsync());
        Assert.StartsWith("STOPPING=1\n", await manager.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_service_manager_nothing_is_sent()
    {
        using var notifier = new ServiceNotifier(Variables());
        notifier.NotifyReady("listening");
        Assert.Null(notifier.Failure);
        Assert.Null(notifier.WatchdogTimeout);
    }

    [Fact]
    public void A_missing_socket_is_reported_and_harmless()
    {
        using var notifier = new ServiceNotifier(Variables(("NOTIFY_SOCKET", _folder["missing"])));
        notifier.NotifyReady("listening");
        Assert.StartsWith($"cannot notify the service manager at {_folder["missing"]}: ", notifier.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_manager_that_is_gone_is_harmless()
    {
        using var manager = new NotifySocket(_folder["notify"]);
        using var notifier = new ServiceNotifier(Variables(("NOTIFY_SOCKET", manager.Address)));
        manager.Dispose();
        notifier.NotifyReady("listening");
    }

    [Fact]
    public void A_service_manager_that_does_not_read_does_not_block()
    {
        using var manager = new NotifySocket(_folder["notify"]);
        using var notifier = new ServiceNotifier(Variables(("NOTIFY_SOCKET", manager.Address)));
        for (int i = 0; i < 10_000; i++)
        {
            notifier.NotifyWatchdog("0 sessions");
        }
    }

    [Theory]
    [InlineData("30000000", "", 30_000)]
    [InlineData("30000000", "own", 30_000)]
    [InlineData("30000000", "1", null)]
    [InlineData("0", "", null)]
    [InlineData("-5", "", null)]
    [InlineData("", "", null)]
    public void The_watchdog_timeout_is_in_microseconds_and_for_this_process(string microseconds, string process, int? milliseconds)
    {
        string id = process == "own" ? Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture) : process;
        using var notifier = new ServiceNotifier(Variables(("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", id)));
        Assert.Equal(milliseconds, (int?)notifier.WatchdogTimeout?.TotalMilliseconds);
    }

    [Fact]
    public async Task The_watchdog_reports_at_half_of_the_timeout_if_the_server_responds()
    {
        var clock = new TriggeredClock();
        using var stop = new CancellationTokenSource();
        var reports = new SemaphoreSlim(0);
        var checks = new SemaphoreSlim(0);
        bool isResponsive = true;
        Task watchdog = ServiceWatchdog.RunAsync(
            TimeSpan.FromSeconds(30),
            () =>
            {
                checks.Release();
                return Volatile.Read(ref isResponsive);
            },
            () => reports.Release(),
            clock,
            stop.Token);
        Assert.Equal(TimeSpan.FromSeconds(15), clock.Period);
        clock.Trigger();
        Assert.True(await reports.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken));
        Assert.True(await checks.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken));
        Volatile.Write(ref isResponsive, false);
        clock.Trigger();
        Assert.True(await checks.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken));
        Volatile.Write(ref isResponsive, true);
        clock.Trigger();
        Assert.True(await reports.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken));
        await stop.CancelAsync();
        await watchdog;
        Assert.Equal(0, reports.CurrentCount); // the second check sent no report
    }

    private static Func<string, string?> Variables(params (string Name, string Value)[] variables) =>
        name => variables.FirstOrDefault(variable => variable.Name == name).Value;

    private sealed class FixedClock : TimeProvider
    {
        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => 12_345_678_000;
    }

    /// <summary>A clock whose one timer runs when the test triggers it.</summary>
    private sealed class TriggeredClock : TimeProvider
    {
        private Action _callback = () => { };

        public TimeSpan Period { get; private set; }

        public void Trigger() => _callback();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Period = period;
            _callback = () => callback(state);
            return new TriggeredTimer();
        }

        private sealed class TriggeredTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // The timer owns nothing.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
