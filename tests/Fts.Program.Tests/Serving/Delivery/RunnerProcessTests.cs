using System.Globalization;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.ProgramTests.Support;
using Fts.Serving.Delivery;

namespace Fts.ProgramTests.Serving.Delivery;

/// <summary>The real runner process, without a server.</summary>
public sealed class RunnerProcessTests : IDisposable
{
    /// <summary>The number of deliveries that the runner makes at the same time.</summary>
    private const int Limit = 16;

    private readonly TestFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task At_most_16_programs_run_at_the_same_time_and_the_next_one_starts_when_one_ends()
    {
        Directory.CreateDirectory(_folder["running"]);
        Directory.CreateDirectory(_folder["seen"]);
        // Each program counts the programs that run at its start, and then waits for the file that ends it.
        _folder.Write(
            "program",
            $$"""
            #!/bin/sh
            cd '{{_folder.Path}}'
            : > "running/$FTS_EVENT_ID"
            ls running | wc -l > "seen/$FTS_EVENT_ID.new"
            mv "seen/$FTS_EVENT_ID.new" "seen/$FTS_EVENT_ID"
            until [ -e "end-$FTS_EVENT_ID" ] || [ -e end-all ]; do sleep 0.02; done
            rm "running/$FTS_EVENT_ID"
            """);
        File.SetUnixFileMode(_folder["program"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using RunnerProcess runner = RunnerProcess.Start(PublishedProgram.Path);
        await runner.ConnectAsync(new RunnerSetup([_folder["program"]], 600, null, null), () => { });
        Task<DeliveryResult>[] deliveries = [.. Enumerable.Range(1, Limit + 4).Select(id => runner.DeliverAsync(
            ServerDelivery.ProgramName, Create(id), Token))];
        await WaitForAsync(() => CountSeen() >= Limit);
        for (int id = 1; id <= 4; id++)
        {
            _folder.Write($"end-{id}", "");
            Assert.Equal(DeliveryResult.Delivered, await deliveries[id - 1].WaitAsync(Deadline.Default, Token));
            await WaitForAsync(() => CountSeen() >= Limit + id);
        }

        _folder.Write("end-all", "");
        Assert.All(await Task.WhenAll(deliveries).WaitAsync(Deadline.Default, Token), each => Assert.Null(each.Error));
        int[] running = [.. Directory.GetFiles(_folder["seen"]).Select(file =>
            int.Parse(File.ReadAllText(file), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture))];
        Assert.Equal((Limit + 4, Limit), (running.Length, running.Max()));
    }

    private static StoredEvent Create(long id) =>
        new(id, new AccountEvent(EventType.Login, DateTimeOffset.UnixEpoch), new byte[32], new byte[32]);

    private int CountSeen() => Directory.GetFiles(_folder["seen"]).Count(file => !file.EndsWith(".new", StringComparison.Ordinal));

    /// <summary>Waits until other processes have changed their files.</summary>
    private static async Task WaitForAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (!condition())
        {
            await Task.Delay(20, deadline.Token);
        }
    }
}
