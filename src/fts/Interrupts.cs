using System.Globalization;
using System.Runtime.InteropServices;

namespace Fts.Cli;

/// <summary>
/// Ctrl-C, SIGTERM and SIGHUP for the client: the first one ends the running command. A second one, or one while no command runs, ends the
/// program. A second SIGHUP is ignored, because the kernel sends one when a terminal is closed, and the user's shell sends another.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration _interrupt, _terminate;
    private readonly PosixSignalRegistration? _hangUp;
    private CancellationTokenSource? _running;

    public Interrupts()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Signal(context, ExitCode.Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Signal(context, ExitCode.Terminated));
        _hangUp = IsHangUpIgnored() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Signal(context, ExitCode.HungUp));
    }

    /// <summary>Whether the running command was interrupted.</summary>
    public bool IsInterrupted
    {
        get
        {
            lock (_lock)
            {
                return _running is { IsCancellationRequested: true };
            }
        }
    }

    /// <summary>Set when the program must end after the running command, because SIGTERM or SIGHUP arrived.</summary>
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
        _hangUp?.Dispose();
        End();
    }

    private void Signal(PosixSignalContext context, ExitCode code)
    {
        Task? winding = null;
        bool isRepeatedHangUp;
        lock (_lock)
        {
            isRepeatedHangUp = code == ExitCode.HungUp && _running is { IsCancellationRequested: true };
            Stop = code == ExitCode.Interrupted ? Stop : Stop ?? code;
            // Marked under the lock, so that the end of the command cannot miss it; what hangs on the token runs elsewhere.
            winding = _running is { IsCancellationRequested: false } ? _running.CancelAsync() : null;
        }

        if (winding is null && !isRepeatedHangUp)
        {
            // Nothing to wind up, or asked twice. The main thread may be waiting for a key and cannot be asked.
            Environment.Exit((int)code);
        }

        context.Cancel = true;
    }

    /// <summary>
    /// Whether the program was started with SIGHUP ignored, as by nohup, to outlive its terminal. A handler would undo that. Only Linux
    /// reports it.
    /// </summary>
    private static bool IsHangUpIgnored()
    {
        const string Ignored = "SigIgn:";
        try
        {
            // A mask in hexadecimal, the lowest bit for signal 1, which is SIGHUP.
            return OperatingSystem.IsLinux() && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Ignored, StringComparison.Ordinal)) is { } line
                && ulong.TryParse(line.AsSpan(Ignored.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong mask) && (mask & 1) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
