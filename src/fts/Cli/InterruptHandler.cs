using System.Globalization;
using System.Runtime.InteropServices;

namespace Fts.Cli;

/// <summary>
/// Handles Ctrl-C, SIGTERM and SIGHUP in the client. The first signal cancels the running command. A second signal, or a signal while no
/// command is running, exits the program.
/// </summary>
/// <remarks>
/// In an interactive session, Ctrl-C never exits the program: a second Ctrl-C abandons the running command. A second SIGHUP is ignored,
/// because the kernel and the user's shell each send one when the terminal is closed.
/// </remarks>
internal sealed class InterruptHandler : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration? _interrupt, _terminate, _hangUp;
    private CancellationTokenSource? _running; // cancels the running command; null between commands
    private TaskCompletionSource _secondInterrupt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isPrompting, _hasChild;

    /// <summary>Creates a handler.</summary>
    /// <param name="handlesSignals">False for a command in the background, which only <see cref="CancelCommand"/> cancels.</param>
    public InterruptHandler(bool handlesSignals = true)
    {
        if (!handlesSignals)
        {
            return;
        }

        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => HandleSignal(context, ExitCode.Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => HandleSignal(context, ExitCode.Terminated));
        _hangUp = IsHangUpIgnored()
            ? null
            : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => HandleSignal(context, ExitCode.HungUp));
    }

    /// <summary>Whether a signal, or <see cref="CancelCommand"/>, has cancelled the running command.</summary>
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

    /// <summary>
    /// The exit code for the first SIGTERM or SIGHUP, or null if neither has arrived. If it is set, the program must exit after the running
    /// command.
    /// </summary>
    public ExitCode? RequestedExit { get; private set; }

    /// <summary>Records that a command starts. Returns the token that a signal cancels.</summary>
    public CancellationToken BeginCommand()
    {
        lock (_lock)
        {
            _running = new CancellationTokenSource();
            _secondInterrupt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _running.Token;
        }
    }

    /// <summary>
    /// Records that the running command has ended. Returns whether the command was cancelled, even if it completed nevertheless.
    /// </summary>
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
    /// Asks the user a question during a command. Until the user answers, SIGTERM and SIGHUP exit the program at once, because the thread
    /// waits for a key. If the user cancels the question, the command is cancelled.
    /// </summary>
    /// <param name="prompt">Asks the question. Returns the answer, or null if the user cancelled the question.</param>
    /// <returns>The answer, or null if the user cancelled the question.</returns>
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
    /// Waits for a child process that shares the terminal, such as a shell or an editor. In an interactive session, only the child process
    /// handles Ctrl-C until it exits.
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
        _interrupt?.Dispose();
        _terminate?.Dispose();
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
            if (code != ExitCode.Interrupted)
            {
                RequestedExit ??= code;
            }

            if (IsInteractiveSession && code == ExitCode.Interrupted && _hasChild)
            {
                context.Cancel = true;
                return;
            }

            if (IsInteractiveSession && code == ExitCode.Interrupted)
            {
                if (isCancelled)
                {
                    _secondInterrupt.TrySetResult();
                }

                shouldExit = false;
            }
            else
            {
                // Exits at once if no command is running, if this is the second signal, or if the main thread waits for a key.
                shouldExit = !isRepeatedHangUp && (_running is null || isCancelled || _isPrompting);
            }

            // The token is cancelled under the lock, so that EndCommand observes the cancellation. The callbacks do not hold the lock,
            // because CancelAsync runs them on another thread.
            if (!shouldExit && !isCancelled)
            {
                _ = _running?.CancelAsync();
            }
        }

        if (shouldExit)
        {
            JsonOutput.Current?.WriteResult(code);
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
    /// Returns whether SIGHUP was ignored when the program started, as with nohup. With a handler, SIGHUP would no longer be ignored.
    /// Returns false on systems other than Linux, which do not report ignored signals.
    /// </summary>
    private static bool IsHangUpIgnored()
    {
        const string Ignored = "SigIgn:";
        try
        {
            // The line contains a hexadecimal mask. Its lowest bit represents signal 1, which is SIGHUP.
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
