using System.Runtime.InteropServices;
using Fts.Cli;

namespace Fts.Serving;

/// <summary>
/// Handles Ctrl-C, SIGTERM and SIGHUP in the server. The first Ctrl-C or SIGTERM stops the server after running transfers. The second stops
/// the server at once. SIGHUP reloads certificates and settings. It never ends the process.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource<ExitCode> _firstSignal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _secondSignal = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly CancellationTokenRegistration _stop;

    /// <summary>Installs the signal handlers.</summary>
    /// <param name="reload">Reloads certificates and settings. Called at each SIGHUP, on a pool thread.</param>
    /// <param name="stop">Is cancelled if a service manager stops the server without a signal.</param>
    public StopSignals(Action reload, CancellationToken stop)
    {
        _stop = stop.Register(() => _firstSignal.TrySetResult(ExitCode.Terminated));
        _registrations = Register(reload);
    }

    /// <summary>Completes at the first Ctrl-C or SIGTERM, with the exit code of that signal.</summary>
    public Task<ExitCode> FirstSignal => _firstSignal.Task;

    /// <summary>A token that the second Ctrl-C or SIGTERM cancels.</summary>
    public CancellationToken SecondSignal => _secondSignal.Token;

    public void Dispose()
    {
        _stop.Dispose();
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _secondSignal.Dispose();
    }

    private PosixSignalRegistration[] Register(Action reload) =>
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => HandleSignal(context, ExitCode.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => HandleSignal(context, ExitCode.Terminated)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true; // the default action would end the process
            reload();
        }),
    ];

    private void HandleSignal(PosixSignalContext context, ExitCode code)
    {
        context.Cancel = true;
        if (!_firstSignal.TrySetResult(code))
        {
            _secondSignal.Cancel();
        }
    }
}
