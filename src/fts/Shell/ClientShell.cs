using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Commands;
using Fts.Shell.Editing;
using Fts.Transfers;

namespace Fts.Shell;

/// <summary>The client's commands, line by line, from a terminal or a pipe. Owns none of what it is given.</summary>
/// <param name="client">The server.</param>
/// <param name="target">Where that is, for messages.</param>
/// <param name="terminal">Where results and messages go.</param>
/// <param name="interrupts">Ctrl-C and SIGTERM.</param>
/// <param name="transferSettings">What was said for all transfers.</param>
/// <param name="formatter">How its commands are typed.</param>
/// <param name="createProgramFormatter">Returns the wording of a command, by its verb, for use after this session has ended; null if
/// <paramref name="formatter"/> is that already.</param>
internal sealed class ClientShell(
    FtpClient client, Target target, Terminal terminal, InterruptHandler interrupts, TransferSettings transferSettings, CommandFormatter formatter, Func<ClientShell, string, CommandFormatter>? createProgramFormatter = null)
{
    private ExitCode _result = ExitCode.Success;
    private bool _isConnectionLost; // set when a command lost the connection, until a reconnect is tried

    public FtpClient Client => client;

    public Target Target => target;

    public Terminal Terminal => terminal;

    public TransferSettings TransferSettings { get; set; } = transferSettings;

    public RemoteDirectory CurrentDirectory { get; } = new();

    /// <summary>Set by the command that leaves.</summary>
    public bool ShouldExit { get; set; }

    /// <summary>
    /// Runs lines until a command leaves or there are none. From a pipe the result is the code of the one command that failed, or
    /// <see cref="ExitCode.SomeFailed"/> if several did; somebody at a terminal has seen what failed, and leaving is no failure.
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
                _result = code == ExitCode.Success ? _result : _result == ExitCode.Success ? code : ExitCode.SomeFailed;
                if (ShouldEndScript(code) && !await CanContinueAsync(code))
                {
                    // Without a server, or against the user's wish, the script's other lines would only fail one by one.
                    return interrupts.RequestedExit ?? code;
                }
            }
        }

        return interrupts.RequestedExit ?? _result;
    }

    /// <summary>Runs one command and no more, and shows what went wrong.</summary>
    /// <param name="operation">The command as the user would name it.</param>
    /// <param name="command">Does it.</param>
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

    /// <summary>Runs one line and shows what went wrong.</summary>
    private async Task<ExitCode> RunLineAsync(string line)
    {
        string trimmed = line.Trim();
        if (trimmed.Length == 0 || trimmed.StartsWith('#'))
        {
            return ExitCode.Success;
        }

        ExitCode code = await WaitOrAbandonAsync(RunCommandAsync(trimmed, interrupts.BeginCommand()), QuoteCommands.RemoveArguments(trimmed));
        // At a terminal a Ctrl-C that came too late has done no harm; a script is to stop all the same.
        return interrupts.EndCommand() && code == ExitCode.Success && !terminal.IsInteractive ? ExitCode.Interrupted : code;
    }

    /// <summary>
    /// Waits for a command. A second Ctrl-C closes the connections and stops the wait; the command then fails in the background, and the next one connects again.
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
            // Whatever a command throws ends that command, not the session.
            return ShowError(e, QuoteCommands.RemoveArguments(line));
        }
    }

    /// <summary>Does something with each of several names; one that fails is shown and does not keep the others from their turn.</summary>
    public async Task<ExitCode> ForEachAsync<T>(
        string verb, IReadOnlyCollection<T> items, Func<T, CancellationToken, Task> action, CancellationToken cancellationToken, bool isPartOfBatch = false)
    {
        ExitCode result = ExitCode.Success;
        foreach (T item in items)
        {
            try
            {
                await action(item, cancellationToken);
            }
            catch (Exception e) when ((isPartOfBatch || items.Count > 1) && !cancellationToken.IsCancellationRequested && e is not (OutOfMemoryException or OutputException))
            {
                result = ExitCode.SomeFailed;
                if (ShowError(e, $"{verb} {item}") is ExitCode.CannotConnect && !await CanReconnectAsync(cancellationToken))
                {
                    return ExitCode.CannotConnect;
                }
            }
        }

        return result;
    }

    /// <summary>What the parts of a command come to: a server that cannot be had counts most.</summary>
    public static ExitCode CombineExitCodes(params ReadOnlySpan<ExitCode> codes)
    {
        ExitCode worst = ExitCode.Success;
        foreach (ExitCode code in codes)
        {
            worst = worst == ExitCode.CannotConnect || code == ExitCode.Success ? worst : code;
        }

        return worst;
    }

    /// <summary>What was thrown, in words.</summary>
    public UserError DescribeError(Exception e, string operation)
    {
        RecordConnectionLoss(e);
        return formatter.AdaptAdvice(ExceptionTranslator.Translate(e, operation, target));
    }

    /// <summary>Records whether a command failed because its connection was lost. The server may accept a new one.</summary>
    public void RecordConnectionLoss(Exception e) =>
        _isConnectionLost = e is FtpConnectionException error ? error.Phase == FtpOperationPhase.Reply : _isConnectionLost;

    /// <summary>Returns the command that repeats a transfer of one file.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="option">The option for the existing file.</param>
    /// <param name="name">The file.</param>
    /// <param name="code">The exit code of the transfer, which may end the session.</param>
    public string FormatRetryCommand(string verb, string option, string name, ExitCode code = ExitCode.Success) => GetFormatter(verb, code).Format(verb, option, [new ShellWord(name)]);

    /// <summary>Returns the command that repeats a transfer of several files.</summary>
    public string FormatBatchRetryCommand(string verb, string option, IEnumerable<ShellWord> names) => GetFormatter(verb, ExitCode.Success).Format(verb, option, names);

    /// <summary>Returns the wording of a command for the user: for this session if it continues, else for the system's shell.</summary>
    public CommandFormatter GetFormatter(string verb, ExitCode code)
    {
        bool isSessionEnding = interrupts.RequestedExit is not null || (!terminal.IsInteractive && (interrupts.IsInterrupted || ShouldEndScript(code)));
        return isSessionEnding && createProgramFormatter is not null ? createProgramFormatter(this, verb) : formatter;
    }

    /// <summary>Whether the other lines of a script are not run after a command with this exit code.</summary>
    private static bool ShouldEndScript(ExitCode code) => code is ExitCode.Interrupted or ExitCode.CannotConnect or ExitCode.LoginFailed or ExitCode.NotTrusted;

    /// <summary>Returns whether a script continues after a command that would end it: its connection was lost, and another one can be opened.</summary>
    private async Task<bool> CanContinueAsync(ExitCode code)
    {
        if (code != ExitCode.CannotConnect || interrupts.RequestedExit is not null)
        {
            return false;
        }

        bool canReconnect = await CanReconnectAsync(interrupts.BeginCommand());
        return !interrupts.EndCommand() && canReconnect;
    }

    private async Task<bool> CanReconnectAsync(CancellationToken cancellationToken)
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

    /// <summary>Asks the user a question within a command. Null if the user cancels it, which ends the command.</summary>
    public string? AskUser(string question) => interrupts.RunPrompt(() => terminal.AskQuestion(question));

    /// <summary>Writes the data of a command. Without a reader the session ends.</summary>
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
            // No later command can show its data either.
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
            // What the user wanted is no error.
            terminal.WriteMessage(error.Message.ToPrintable() + (error.Advice is null ? "" : $"\n  try: {error.Advice.ToPrintable()}"));
        }
        else
        {
            terminal.ShowError(error);
        }

        return error.ExitCode;
    }
}
