using System.Runtime.InteropServices;
using Fts.Cli;

namespace Fts.Serving;

/// <summary>
/// Ctrl-C and SIGTERM for the server: the first one stops it after running transfers, the second one at once. SIGHUP reloads certificates
/// and never ends the process.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource<ExitCode> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _second = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="reload">Called at each SIGHUP, on a thread of the pool.</param>
    public StopSignals(Action reload) => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Signal(context, ExitCode.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Signal(context, ExitCode.Terminated)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true; // the default action would end the process
            reload();
        }),
    ];

    /// <summary>Done when the first one comes; the code that stands for it.</summary>
    public Task<ExitCode> First => _first.Task;

    /// <summary>Cancelled when the second one comes.</summary>
    public CancellationToken Second => _second.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _second.Dispose();
    }

    private void Signal(PosixSignalContext context, ExitCode code)
    {
        context.Cancel = true;
        if (!_first.TrySetResult(code))
        {
            _second.Cancel();
        }
    }
}
