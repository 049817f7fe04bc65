using Fts.Cli;
using Fts.Serving;

namespace Fts.ProgramTests.Serving;

/// <summary>Tests of the stop of the server without a signal, as the service control manager of Windows requests it.</summary>
public sealed class StopSignalsTests
{
    [Fact]
    public async Task A_service_manager_stops_the_server_like_the_first_signal()
    {
        using var stop = new CancellationTokenSource();
        using var signals = new StopSignals(() => { }, stop.Token);
        Assert.False(signals.FirstSignal.IsCompleted);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Terminated, await signals.FirstSignal);
        Assert.False(signals.SecondSignal.IsCancellationRequested); // running transfers finish
    }
}
