using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Commands;
using Fts.Shell.Editing;
using Fts.Transfers;

namespace Fts.Shell;

/// <summary>Runs the commands of a session, line by line, from a terminal, a file or a pipe. Does not dispose its parameters.</summary>
/// <param name="client">The client, with its connections to the server.</param>
/// <param name="target">The server, for messages.</param>
/// <param name="terminal">Receives data and messages.</param>
/// <param name="interrupts">Handles Ctrl-C, SIGTERM and SIGHUP.</param>
/// <param name="transferSettings">The settings of all transfers.</param>
/// <param name="formatter">Formats commands for advice during the session.</param>
/// <param name="createOneShotFormatter">
/// Given the verb of a command that the user repeats after the session has ended, returns the formatter for the command. If this
/// parameter is null, <paramref name="formatter"/> is used.
/// </param>
internal sealed class ClientShell(
    FtpClient client,
    Target target,
    Terminal terminal,
    InterruptHandler interrupts,
    TransferSettings transferSettings,
    CommandFormatter formatter,
    Func<ClientShell, string, CommandFormatter>? createOneShotFormatter = null)
{
    private FtpClient? _client = client; // null after close
    private Target _target = target;
    private Jobs? _jobs;
    private SessionConnector? _connector;
    private ExitCode _result = ExitCode.Success; // the exit code of a script, if it ends now
    private bool _isConnectionLost; // set when a command loses the connection, cleared by the next attempt to reconnect

    /// <summary>The client, with its connections to the server.</summary>
    /// <exception cref="UserErrorException">The connection was closed.</exception>
    public FtpClient Client => _client ?? throw CreateNotConnectedError();

    /// <summary>Whether the session has a connection. False after <c>close</c>.</summary>
    public bool HasConnection => _client is not null;

    /// <summary>The background commands.</summary>
    public Jobs Jobs => _jobs ??= new Jobs(terminal);

    /// <summary>Opens and closes the connection of an interactive session.</summary>
    /// <exception cref="UserErrorException">This is not a session.</exception>
    public SessionConnector Connector
    {
        get => _connector ?? throw new UserErrorException(ExitCode.UsageError, "this command requires a session", "fts client");
        set => _connector = value;
    }

    /// <summary>The server, for messages.</summary>
    public Target Target => _target;

    /// <summary>Receives data and messages.</summary>
    public Terminal Terminal => terminal;

    /// <summary>The settings of the following transfers.</summary>
    public TransferSettings TransferSettings { get; set; } = transferSettings;

    /// <summary>The current remote folder.</summary>
    public RemoteDirectory CurrentDirectory { get; private set; } = new();

    /// <summary>Whether the session ends after the running command.</summary>
    public bool ShouldExit { get; set; }

    /// <summary>Runs lines until a command, a signal or the end of the input ends the session.</summary>
    /// <param name="readLineAsync">Reads the next line. The line is empty at the end of the input.</param>
    /// <returns>
    /// The exit code of the signal, if a signal ended the session. Without a signal, <see cref="ExitCode.Success"/> on a terminal.
    /// Without a signal in a script: the code of the command that ended the script or of the only failed command,
    /// <see cref="ExitCode.SomeFailed"/> if several commands failed, or <see cref="ExitCode.Success"/>.
    /// </returns>
    public async Task<ExitCode> RunAsync(Func<Task<(LineEnd End, string Line)>> readLineAsync)
    {
        interrupts.IsInteractiveSession = terminal.IsInteractive;
        while (!ShouldExit && interrupts.RequestedExit is null)
        {
            (LineEnd end, string line) = await readLineAsync();
            if (end == LineEnd.EndOfInput)
            {
                MoveToNextLine();
                break;
            }

            ExitCode code = CombineExitCodes(await RunLineAsync(line), FlushOutput());
            if (!terminal.IsInteractive)
            {
                if (code != ExitCode.Success)
                {
                    _result = _result == ExitCode.Success ? code : ExitCode.SomeFailed;
                }

                if (ShouldEndScript(code) && !await TryContinueScriptAsync(code))
                {
                    // The user has stopped the script, or all further lines would fail, because the session has ended.
                    return interrupts.RequestedExit ?? code;
                }
            }
        }

        ExitCode jobResult = await FinishJobsAsync();
        _result = _result == ExitCode.Success && !terminal.IsInteractive ? jobResult : _result;
        return interrupts.RequestedExit ?? _result;
    }

    /// <summary>Creates a shell for a command in the background. It shares the connections, and has its own remote folder.</summary>
    /// <param name="folder">The absolute path of the remote folder.</param>
    /// <param name="backgroundInterrupts">Cancels the command.</param>
    public ClientShell CreateBackgroundShell(string folder, InterruptHandler backgroundInterrupts)
    {
        var shell = new ClientShell(
            Client, _target, terminal.CreateBackgroundTerminal(), backgroundInterrupts, TransferSettings, formatter);
        shell.CurrentDirectory.SetPath(folder);
        return shell;
    }

    /// <summary>Replaces the connection and the remote folder.</summary>
    public void Attach(FtpClient newClient, Target newTarget, RemoteDirectory folder) =>
        (_client, _target, CurrentDirectory) = (newClient, newTarget, folder);

    /// <summary>Removes the connection. Does not close it.</summary>
    public void Detach() => (_client, CurrentDirectory) = (null, new RemoteDirectory());

    /// <summary>Returns the error of a command that requires a connection.</summary>
    public static UserErrorException CreateNotConnectedError() =>
        new(ExitCode.CannotConnect, "not connected", "open HOST, or open BOOKMARK");

    /// <summary>Runs a prompt during a command. Returns null if the user cancels it, which also cancels the command.</summary>
    public string? Prompt(Func<string?> prompt) => interrupts.RunPrompt(prompt);

    /// <summary>Waits for the jobs at the end of the session. Returns the exit code of a failed job.</summary>
    private async Task<ExitCode> FinishJobsAsync()
    {
        CancellationToken cancellationToken = interrupts.BeginCommand();
        try
        {
            return await JobCommands.FinishAsync(this, cancellationToken);
        }
        finally
        {
            interrupts.EndCommand();
        }
    }

    /// <summary>Runs one command outside a session, reports its error and returns its exit code.</summary>
    /// <param name="operation">The command in the form that the user typed, for messages.</param>
    /// <param name="command">Runs the command.</param>
    public async Task<ExitCode> RunOnceAsync(string operation, Func<CancellationToken, Task<ExitCode>> command)
    {
        ExitCode code;
        try
        {
            code = await command(interrupts.BeginCommand());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            code = ShowError(e, operation);
        }

        code = CombineExitCodes(code, FlushOutput());
        return interrupts.EndCommand() ? interrupts.RequestedExit ?? ExitCode.Interrupted : code;
    }

    /// <summary>Runs one line, reports its error and returns its exit code.</summary>
    private async Task<ExitCode> RunLineAsync(string line)
    {
        string trimmed = line.Trim();
        if (trimmed.Length == 0 || trimmed.StartsWith('#'))
        {
            MoveToNextLine();
            return ExitCode.Success;
        }

        CancellationToken cancellationToken = interrupts.BeginCommand();
        MoveToNextLine(); // only now, so that Ctrl-C stops the command if the user presses it after the typed line has ended
        ExitCode code = await WaitOrAbandonAsync(RunCommandAsync(trimmed, cancellationToken), QuoteCommands.RemoveArguments(trimmed));
        // Ctrl-C after the end of a command has no effect on a terminal, but still stops a script.
        return interrupts.EndCommand() && code == ExitCode.Success && !terminal.IsInteractive ? ExitCode.Interrupted : code;
    }

    /// <summary>Moves the cursor of a terminal from the typed line to the next line.</summary>
    private void MoveToNextLine()
    {
        if (terminal.IsInteractive)
        {
            terminal.Write("\n");
        }
    }

    /// <summary>
    /// Waits for a command. A second Ctrl-C closes the connections and ends the wait. The command then fails in the background, and the
    /// next command connects again.
    /// </summary>
    private async Task<ExitCode> WaitOrAbandonAsync(Task<ExitCode> command, string operation)
    {
        if (await Task.WhenAny(command, interrupts.SecondInterrupt) == command)
        {
            return await command;
        }

        _client?.Disconnect();
        terminal.WriteMessage($"{operation.ToPrintable()}: stopped and disconnected from {_target}; the next command connects again");
        return ExitCode.Interrupted;
    }

    private async Task<ExitCode> RunCommandAsync(string line, CancellationToken cancellationToken)
    {
        try
        {
            if (line.StartsWith('!'))
            {
                return await LocalCommands.RunProgramAsync(this, line[1..], cancellationToken);
            }

            string expanded = SettingCommands.ExpandAlias(line);
            bool isInBackground = expanded.EndsWith(" &", StringComparison.Ordinal);
            string foreground = isInBackground ? expanded[..^2].TrimEnd() : expanded;
            (ShellCommand command, CommandArguments arguments) =
                ShellCommandTable.ParseCommand(ShellLineParser.SplitWords(foreground));
            if (isInBackground && !command.IsRaw)
            {
                return await JobCommands.StartAsync(this, foreground, command, arguments, cancellationToken);
            }

            return await command.Handler(this, arguments, cancellationToken);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // An exception of any type ends the command, not the session.
            return ShowError(e, QuoteCommands.RemoveArguments(line));
        }
    }

    /// <summary>Runs an action without an exit code for each item.</summary>
    public Task<ExitCode> ForEachAsync<T>(
        string verb,
        IReadOnlyCollection<T> items,
        Func<T, CancellationToken, Task> action,
        CancellationToken cancellationToken,
        bool isPartOfBatch = false)
    {
        return ForEachAsync(verb, items, RunAsync, cancellationToken, isPartOfBatch);

        async Task<ExitCode> RunAsync(T item, CancellationToken cancel)
        {
            await action(item, cancel);
            return ExitCode.Success;
        }
    }

    /// <summary>
    /// Runs an action for each item. If there are several items, an error is reported and the next item follows. The error of a single item
    /// is thrown, unless the item is part of a batch.
    /// </summary>
    /// <returns>
    /// <see cref="ExitCode.SomeFailed"/> if an item failed, <see cref="ExitCode.CannotConnect"/> if the connection was lost and the client
    /// could not connect again, otherwise the combined codes of the actions.
    /// </returns>
    public async Task<ExitCode> ForEachAsync<T>(
        string verb,
        IReadOnlyCollection<T> items,
        Func<T, CancellationToken, Task<ExitCode>> action,
        CancellationToken cancellationToken,
        bool isPartOfBatch = false)
    {
        ExitCode result = ExitCode.Success;
        foreach (T item in items)
        {
            try
            {
                result = CombineExitCodes(result, await action(item, cancellationToken));
            }
            catch (Exception e) when (
                (isPartOfBatch || items.Count > 1) && !cancellationToken.IsCancellationRequested
                    && e is not (OutOfMemoryException or OutputException))
            {
                result = ExitCode.SomeFailed;
                if (ShowError(e, $"{verb} {item}") is ExitCode.CannotConnect && !await TryReconnectAsync(cancellationToken))
                {
                    return ExitCode.CannotConnect;
                }
            }
        }

        return result;
    }

    /// <summary>
    /// Returns the exit code for a command of several steps: <see cref="ExitCode.CannotConnect"/> if a step returned it, otherwise the last
    /// code that is not <see cref="ExitCode.Success"/>.
    /// </summary>
    public static ExitCode CombineExitCodes(params ReadOnlySpan<ExitCode> codes)
    {
        ExitCode combined = ExitCode.Success;
        foreach (ExitCode code in codes)
        {
            combined = combined == ExitCode.CannotConnect || code == ExitCode.Success ? combined : code;
        }

        return combined;
    }

    /// <summary>
    /// Returns the error for an exception, with advice that fits this session. Also records a lost connection, as
    /// <see cref="RecordConnectionLoss"/> does.
    /// </summary>
    public UserError DescribeError(Exception e, string operation)
    {
        RecordConnectionLoss(e);
        return formatter.AdaptAdvice(ExceptionTranslator.Translate(e, operation, _target));
    }

    /// <summary>
    /// Records whether the connection was lost while the client waited for a reply. The server may then accept a new connection. An error
    /// that is not an <see cref="FtpConnectionException"/> changes nothing.
    /// </summary>
    public void RecordConnectionLoss(Exception e)
    {
        if (e is FtpConnectionException error)
        {
            _isConnectionLost = error.Phase == FtpOperationPhase.Reply;
        }
    }

    /// <summary>Returns the command that repeats the transfer of one file.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="option">The option for the existing file.</param>
    /// <param name="name">The file.</param>
    /// <param name="code">The exit code of the transfer. If a script ends after this code, the command is for the system's shell.</param>
    /// <param name="target">The target that the user typed, or null.</param>
    public string FormatRetryCommand(
        string verb, string option, string name, ExitCode code = ExitCode.Success, string? target = null) =>
        GetFormatter(verb, code).Format(verb, option, [new ShellWord(name)], target);

    /// <summary>Returns the command that repeats the transfer of several files.</summary>
    public string FormatBatchRetryCommand(string verb, string option, IEnumerable<ShellWord> names, string? target = null) =>
        GetFormatter(verb, ExitCode.Success).Format(verb, option, names, target);

    /// <summary>
    /// Returns the formatter for advice: for commands of this session if the session continues, otherwise for the system's shell.
    /// </summary>
    public CommandFormatter GetFormatter(string verb, ExitCode code)
    {
        bool isScriptEnding = !terminal.IsInteractive && (interrupts.IsInterrupted || ShouldEndScript(code));
        bool isSessionEnding = interrupts.RequestedExit is not null || isScriptEnding;
        return isSessionEnding && createOneShotFormatter is not null ? createOneShotFormatter(this, verb) : formatter;
    }

    /// <summary>Returns whether a script ends after a command with this exit code.</summary>
    private static bool ShouldEndScript(ExitCode code) =>
        code is ExitCode.Interrupted or ExitCode.CannotConnect or ExitCode.LoginFailed or ExitCode.NotTrusted;

    /// <summary>
    /// Connects again if a command of a script failed because the connection was lost. Returns whether the script continues.
    /// </summary>
    private async Task<bool> TryContinueScriptAsync(ExitCode code)
    {
        if (code != ExitCode.CannotConnect || interrupts.RequestedExit is not null)
        {
            return false;
        }

        bool isReconnected = await TryReconnectAsync(interrupts.BeginCommand());
        return !interrupts.EndCommand() && isReconnected;
    }

    /// <summary>Connects again if the connection was lost. Returns false if the connection was not lost, or the attempt failed.</summary>
    private async Task<bool> TryReconnectAsync(CancellationToken cancellationToken)
    {
        if (!_isConnectionLost)
        {
            return false;
        }

        _isConnectionLost = false;
        try
        {
            await Client.ConnectAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException)
        {
            ShowError(e, "connect");
            return false;
        }
    }

    /// <summary>Whether the user can be asked questions.</summary>
    public bool CanAsk => terminal.IsInteractive;

    /// <summary>Cancels the running command, as Ctrl-C does.</summary>
    public void CancelCommand() => interrupts.CancelCommand();

    /// <inheritdoc cref="InterruptHandler.WaitForChildAsync"/>
    public Task WaitForChildAsync(Task child) => interrupts.WaitForChildAsync(child);

    /// <summary>
    /// Asks the user a question during a command. Returns null if the user cancels the question, which also cancels the command.
    /// </summary>
    public string? AskUser(string question) => interrupts.RunPrompt(() => terminal.AskQuestion(question));

    /// <summary>Writes the buffered data of a command. The session ends if standard output cannot be written.</summary>
    private ExitCode FlushOutput()
    {
        try
        {
            terminal.Flush();
            return ExitCode.Success;
        }
        catch (OutputException e)
        {
            return ShowError(e, "");
        }
    }

    private ExitCode ShowError(Exception e, string operation)
    {
        if (e is OutputException output)
        {
            // Later commands could not write their data, so the session ends.
            ShouldExit = true;
            if (output.Error is { } outputError)
            {
                terminal.ShowError(outputError);
            }

            return output.Error?.ExitCode ?? ExitCode.Success;
        }

        UserError error = DescribeError(e, operation);
        if (error.ExitCode == ExitCode.Interrupted)
        {
            // Cancellation by the user is not an error, so the message has no "error:" prefix.
            JsonOutput.Current?.RecordError(error);
            terminal.WriteMessage(error.Message.ToPrintable() + (error.Advice is null ? "" : $"\n  try: {error.Advice.ToPrintable()}"));
        }
        else
        {
            terminal.ShowError(error);
        }

        return error.ExitCode;
    }
}
