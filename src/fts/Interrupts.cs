using System.Runtime.InteropServices;

namespace Fts.Cli;

/// <summary>
/// Ctrl-C and SIGTERM for the client: the first one ends the command that runs and no more, a second one, or one while no command runs, the program.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration _interrupt, _terminate;
    private CancellationTokenSource? _running;

    public Interrupts()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Signal(context, ExitCode.Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Signal(context, ExitCode.Terminated));
    }

    /// <summary>Set when the program is to leave after the command that runs: SIGTERM came.</summary>
    public ExitCode? Stop { get; private set; }

    /// <summary>A command starts; the token ends it.</summary>
    public CancellationToken Begin()
    {
        lock (_lock)
        {
            _running = new CancellationTokenSource();
            return _running.Token;
        }
    }

    /// <summary>The command is over. True when it was to be ended, also when that came too late for it to notice.</summary>
    public bool End()
    {
        lock (_lock)
        {
            bool wasInterrupted = _running is { IsCancellationRequested: true };
            _running?.Dispose();
            _running = null;
            return wasInterrupted;
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        End();
    }

    private void Signal(PosixSignalContext context, ExitCode code)
    {
        Task? winding = null;
        lock (_lock)
        {
            Stop = code == ExitCode.Terminated ? code : Stop;
            // Marked under the lock, so that the end of the command cannot miss it; what hangs on the token runs elsewhere.
            winding = _running is { IsCancellationRequested: false } ? _running.CancelAsync() : null;
        }

        if (winding is null)
        {
            // Nothing to wind up, or asked twice. The main thread may be waiting for a key and cannot be asked.
            Environment.Exit((int)code);
        }

        context.Cancel = true;
    }
}
