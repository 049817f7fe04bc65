using System.Globalization;
using System.Runtime.InteropServices;

namespace Fts.Cli;

/// <summary>
/// Ctrl-C, SIGTERM and SIGHUP for the client: the first one ends the running command. A second one, or one while no command runs, ends the
/// program. In a session on a terminal Ctrl-C never ends the program: a second one abandons the running command. A second SIGHUP is ignored, because the kernel sends one when a terminal is closed, and the user's shell sends another.
/// </summary>
internal sealed class InterruptHandler : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration _interrupt, _terminate;
    private readonly PosixSignalRegistration? _hangUp;
    private CancellationTokenSource? _running;
    private TaskCompletionSource _secondInterrupt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isPrompting, _hasChild;

    public InterruptHandler()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => HandleSignal(context, ExitCode.Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => HandleSignal(context, ExitCode.Terminated));
        _hangUp = IsHangUpIgnored() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => HandleSignal(context, ExitCode.HungUp));
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

    /// <summary>Whether this is an interactive session, which Ctrl-C must not end.</summary>
    public bool IsInteractiveSession { get; set; }

    /// <summary>Completes when Ctrl-C arrives a second time during the running command of a session.</summary>
    public Task SecondInterrupt
    {
        get
        {
            lock (_lock)
            {
                return _secondInterrupt.Task;
            }
        }
    }

    /// <summary>Set when the program must end after the running command, because SIGTERM or SIGHUP arrived.</summary>
    public ExitCode? RequestedExit { get; private set; }

    /// <summary>A command starts; the token ends it.</summary>
    public CancellationToken BeginCommand()
    {
        lock (_lock)
        {
            _running = new CancellationTokenSource();
            _secondInterrupt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _running.Token;
        }
    }

    /// <summary>The command is over. True when it was to be ended, also when that came too late for it to notice.</summary>
    public bool EndCommand()
    {
        lock (_lock)
        {
            bool wasInterrupted = _running is { IsCancellationRequested: true };
            _running?.Dispose();
            _running = null;
            return wasInterrupted;
        }
    }

    /// <summary>Ends the running command as Ctrl-C does.</summary>
    public void CancelCommand()
    {
        Task? cancellation;
        lock (_lock)
        {
            cancellation = _running?.CancelAsync();
        }

        _ = cancellation;
    }

    /// <summary>
    /// Runs a question to the user within a command. SIGTERM and SIGHUP end the program at once meanwhile, because the thread waits for a key. If the user cancels the
    /// question, the command ends as with Ctrl-C.
    /// </summary>
    /// <returns>The answer; null if the user cancelled the question.</returns>
    public string? RunPrompt(Func<string?> prompt)
    {
        SetIsPrompting(true);
        try
        {
            string? answer = prompt();
            if (answer is null)
            {
                CancelCommand();
            }

            return answer;
        }
        finally
        {
            SetIsPrompting(false);
        }
    }

    /// <summary>
    /// Waits for a child process that shares the terminal, such as a shell or an editor. In a session, only the child handles Ctrl-C meanwhile.
    /// </summary>
    public async Task WaitForChildAsync(Task child)
    {
        SetHasChild(true);
        try
        {
            await child;
        }
        finally
        {
            SetHasChild(false);
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _hangUp?.Dispose();
        EndCommand();
    }

    private void HandleSignal(PosixSignalContext context, ExitCode code)
    {
        bool shouldExit;
        lock (_lock)
        {
            bool isCancelled = _running is { IsCancellationRequested: true };
            bool isRepeatedHangUp = code == ExitCode.HungUp && isCancelled;
            RequestedExit = code == ExitCode.Interrupted ? RequestedExit : RequestedExit ?? code;
            if (IsInteractiveSession && code == ExitCode.Interrupted && _hasChild)
            {
                context.Cancel = true;
                return;
            }

            if (IsInteractiveSession && code == ExitCode.Interrupted)
            {
                _ = isCancelled && _secondInterrupt.TrySetResult();
                shouldExit = false;
            }
            else
            {
                // No command is running, or this is the second request. The main thread may be waiting for a key.
                shouldExit = !isRepeatedHangUp && (_running is null || isCancelled || _isPrompting);
            }

            // Cancelled under the lock, so that End sees it. Callbacks of the token run on another thread.
            _ = shouldExit || isCancelled ? null : _running?.CancelAsync();
        }

        if (shouldExit)
        {
            Environment.Exit((int)code);
        }

        context.Cancel = true;
    }

    private void SetHasChild(bool hasChild)
    {
        lock (_lock)
        {
            _hasChild = hasChild;
        }
    }

    private void SetIsPrompting(bool isPrompting)
    {
        lock (_lock)
        {
            _isPrompting = isPrompting;
        }
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
