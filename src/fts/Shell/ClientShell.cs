using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Commands;
using Fts.Shell.Editing;
using Fts.Transfers;

namespace Fts.Shell;

/// <summary>Runs the commands of a session, line by line, from a terminal or a pipe. Disposes none of its parameters.</summary>
/// <param name="client">The connections to the server.</param>
/// <param name="target">The server, for messages.</param>
/// <param name="terminal">Receives data and messages.</param>
/// <param name="interrupts">Handles Ctrl-C and SIGTERM.</param>
/// <param name="transferSettings">The settings of all transfers.</param>
/// <param name="formatter">Formats commands for advice during the session.</param>
/// <param name="createProgramFormatter">
/// Returns the formatter for a verb that the user repeats after the session has ended. Null if <paramref name="formatter"/> is to be used.
/// </param>
internal sealed class ClientShell(
    FtpClient client,
    Target target,
    Terminal terminal,
    InterruptHandler interrupts,
    TransferSettings transferSettings,
    CommandFormatter formatter,
    Func<ClientShell, string, CommandFormatter>? createProgramFormatter = null)
{
    private ExitCode _result = ExitCode.Success;
    private bool _isConnectionLost; // set when a command loses the connection, cleared by the next attempt to reconnect

    /// <summary>The connections to the server.</summary>
    public FtpClient Client => client;

    /// <summary>The server, for messages.</summary>
    public Target Target => target;

    /// <summary>Receives data and messages.</summary>
    public Terminal Terminal => terminal;

    /// <summary>The settings of later transfers.</summary>
    public TransferSettings TransferSettings { get; set; } = transferSettings;

    /// <summary>The current remote folder.</summary>
    public RemoteDirectory CurrentDirectory { get; } = new();

    /// <summary>Whether the session ends after the running command.</summary>
    public bool ShouldExit { get; set; }

    /// <summary>
    /// Runs lines until a command ends the session or the input ends. At a terminal the session succeeds. From a pipe the result is the
    /// code of the failed command, or <see cref="ExitCode.SomeFailed"/> if several commands failed.
    /// </summary>
    public async Task<ExitCode> RunAsync(Func<Task<(LineEnd End, string Line)>> readLineAsync)
    {
        interrupts.IsInteractiveSession = terminal.IsInteractive;
        while (!ShouldExit && interrupts.RequestedExit is null)
        {
            (LineEnd end, string line) = await readLineAsync();
            if (end == LineEnd.EndOfInput)
            {
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
                    // The user stopped the script, or its other lines would fail too, because there is no session.
                    return interrupts.RequestedExit ?? code;
                }
            }
        }

        return interrupts.RequestedExit ?? _result;
    }

    /// <summary>Runs one command outside a session, and reports its error.</summary>
    /// <param name="operation">The command as the user knows it, for messages.</param>
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

    /// <summary>Runs one line and reports its error.</summary>
    private async Task<ExitCode> RunLineAsync(string line)
    {
        string trimmed = line.Trim();
        if (trimmed.Length == 0 || trimmed.StartsWith('#'))
        {
            return ExitCode.Success;
        }

        ExitCode code =
            await WaitOrAbandonAsync(RunCommandAsync(trimmed, interrupts.BeginCommand()), QuoteCommands.RemoveArguments(trimmed));
        // Ctrl-C after the end of a command has no effect at a terminal, but still stops a script.
        return interrupts.EndCommand() && code == ExitCode.Success && !terminal.IsInteractive ? ExitCode.Interrupted : code;
    }

    /// <summary>
    /// Waits for a command. A second Ctrl-C closes the connections and stops the wait. The command then fails in the background, and the
    /// next command connects again.
    /// </summary>
    private async Task<ExitCode> WaitOrAbandonAsync(Task<ExitCode> command, string operation)
    {
        if (await Task.WhenAny(command, interrupts.SecondInterrupt) == command)
        {
            return await command;
        }

        client.Disconnect();
        terminal.WriteMessage($"{operation.ToPrintable()}: stopped and disconnected from {target}; the next command connects again");
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

            (ShellCommand command, CommandArguments arguments) = ShellCommandTable.ParseCommand(ShellLineParser.SplitWords(line));
            return await command.Handler(this, arguments, cancellationToken);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // An exception of any type ends the command, not the session.
            return ShowError(e, QuoteCommands.RemoveArguments(line));
        }
    }

    /// <summary>
    /// Runs an action for each item. If there are several items, an error is reported and the next item follows. The error of a single item
    /// is thrown, unless it is part of a batch.
    /// </summary>
    /// <returns>
    /// <see cref="ExitCode.SomeFailed"/> if an item failed, <see cref="ExitCode.CannotConnect"/> if the connection was lost.
    /// </returns>
    public async Task<ExitCode> ForEachAsync<T>(
        string verb,
        IReadOnlyCollection<T> items,
        Func<T, CancellationToken, Task> action,
        CancellationToken cancellationToken,
        bool isPartOfBatch = false)
    {
        ExitCode result = ExitCode.Success;
        foreach (T item in items)
        {
            try
            {
                await action(item, cancellationToken);
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

    /// <summary>Returns the exit code for a command of several steps. <see cref="ExitCode.CannotConnect"/> has precedence.</summary>
    public static ExitCode CombineExitCodes(params ReadOnlySpan<ExitCode> codes)
    {
        ExitCode worst = ExitCode.Success;
        foreach (ExitCode code in codes)
        {
            worst = worst == ExitCode.CannotConnect || code == ExitCode.Success ? worst : code;
        }

        return worst;
    }

    /// <summary>Returns the message for an exception, with advice that fits this session.</summary>
    public UserError DescribeError(Exception e, string operation)
    {
        RecordConnectionLoss(e);
        return formatter.AdaptAdvice(ExceptionTranslator.Translate(e, operation, target));
    }

    /// <summary>Records whether a command failed because its connection was lost. The server may accept a new one.</summary>
    public void RecordConnectionLoss(Exception e) =>
        _isConnectionLost = e is FtpConnectionException error ? error.Phase == FtpOperationPhase.Reply : _isConnectionLost;

    /// <summary>Returns the command that repeats the transfer of one file.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="option">The option for the existing file.</param>
    /// <param name="name">The file.</param>
    /// <param name="code">The exit code of the transfer. Some codes end the session.</param>
    public string FormatRetryCommand(string verb, string option, string name, ExitCode code = ExitCode.Success) =>
        GetFormatter(verb, code).Format(verb, option, [new ShellWord(name)]);

    /// <summary>Returns the command that repeats the transfer of several files.</summary>
    public string FormatBatchRetryCommand(string verb, string option, IEnumerable<ShellWord> names) =>
        GetFormatter(verb, ExitCode.Success).Format(verb, option, names);

    /// <summary>Returns the formatter for advice: for this session if it continues, otherwise for the system's shell.</summary>
    public CommandFormatter GetFormatter(string verb, ExitCode code)
    {
        bool isScriptEnding = !terminal.IsInteractive && (interrupts.IsInterrupted || ShouldEndScript(code));
        bool isSessionEnding = interrupts.RequestedExit is not null || isScriptEnding;
        return isSessionEnding && createProgramFormatter is not null ? createProgramFormatter(this, verb) : formatter;
    }

    /// <summary>Returns whether a script ends after a command with this exit code.</summary>
    private static bool ShouldEndScript(ExitCode code) =>
        code is ExitCode.Interrupted or ExitCode.CannotConnect or ExitCode.LoginFailed or ExitCode.NotTrusted;

    /// <summary>
    /// Reconnects if a command of a script failed because its connection was lost. Returns whether the script continues.
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

    /// <summary>Connects again if the connection was lost. Returns whether the client is connected again.</summary>
    private async Task<bool> TryReconnectAsync(CancellationToken cancellationToken)
    {
        if (!_isConnectionLost)
        {
            return false;
        }

        _isConnectionLost = false;
        try
        {
            await client.ConnectAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException)
        {
            ShowError(e, "connect");
            return false;
        }
    }

    /// <inheritdoc cref="InterruptHandler.WaitForChildAsync"/>
    public Task WaitForChildAsync(Task child) => interrupts.WaitForChildAsync(child);

    /// <summary>Asks the user a question during a command. Returns null if the user cancels the question, which ends the command.</summary>
    public string? AskUser(string question) => interrupts.RunPrompt(() => terminal.AskQuestion(question));

    /// <summary>Writes the buffered data of a command. If standard output is closed, the session ends.</summary>
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
            // Later commands could not write their data either.
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
            terminal.WriteMessage(error.Message.ToPrintable() + (error.Advice is null ? "" : $"\n  try: {error.Advice.ToPrintable()}"));
        }
        else
        {
            terminal.ShowError(error);
        }

        return error.ExitCode;
    }
}
