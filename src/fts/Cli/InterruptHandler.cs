using System.Globalization;
using System.Runtime.InteropServices;

namespace Fts.Cli;

/// <summary>
/// Handles Ctrl-C, SIGTERM and SIGHUP in the client. The first signal cancels the running command. A second one, or one while no command
/// runs, exits the program.
/// </summary>
/// <remarks>
/// In a session on a terminal Ctrl-C never exits: a second one abandons the running command. A second SIGHUP is ignored, because the kernel
/// sends one when a terminal is closed, and the shell of the user sends another.
/// </remarks>
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
        _hangUp = IsHangUpIgnored()
            ? null
            : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => HandleSignal(context, ExitCode.HungUp));
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

    /// <summary>Whether this is an interactive session, in which Ctrl-C does not exit the program.</summary>
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

    /// <summary>The exit code of SIGTERM or SIGHUP, if one arrived. The program must then exit after the running command.</summary>
    public ExitCode? RequestedExit { get; private set; }

    /// <summary>Starts a command. Returns the token that a signal cancels.</summary>
    public CancellationToken BeginCommand()
    {
        lock (_lock)
        {
            _running = new CancellationTokenSource();
            _secondInterrupt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _running.Token;
        }
    }

    /// <summary>Ends the command. Returns whether it was cancelled, even if it completed before it noticed.</summary>
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

    /// <summary>Cancels the running command, as Ctrl-C does.</summary>
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
    /// Asks the user a question within a command. Meanwhile SIGTERM and SIGHUP exit the program at once, because the thread waits for a
    /// key. If the user cancels the question, the command is cancelled.
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
    /// Waits for a child process that shares the terminal, such as a shell or an editor. In a session, only the child handles Ctrl-C
    /// meanwhile.
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

            // Cancelled under the lock, so that EndCommand observes it. Callbacks of the token run on another thread.
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
    /// Returns whether SIGHUP was ignored when the program started, as with nohup. A handler would undo that. Only Linux reports it.
    /// </summary>
    private static bool IsHangUpIgnored()
    {
        const string Ignored = "SigIgn:";
        try
        {
            // A mask in hexadecimal, the lowest bit for signal 1, which is SIGHUP.
            IEnumerable<string> status = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/status") : [];
            return status.FirstOrDefault(line => line.StartsWith(Ignored, StringComparison.Ordinal)) is { } line
                && ulong.TryParse(
                    line.AsSpan(Ignored.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong mask)
                && (mask & 1) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
