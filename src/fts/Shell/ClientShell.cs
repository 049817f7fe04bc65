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
/// <param name="transfers">What was said for all transfers.</param>
/// <param name="wording">How its commands are typed.</param>
/// <param name="outside">Returns the wording of a command, by its verb, for use after this session has ended; null if
/// <paramref name="wording"/> is that already.</param>
internal sealed class ClientShell(
    FtpClient client, Target target, Terminal terminal, Interrupts interrupts, TransferChoices transfers, Wording wording, Func<ClientShell, string, Wording>? outside = null)
{
    private ExitCode _result = ExitCode.Done;
    private bool _isConnectionLost; // set when a command lost the connection, until a reconnect is tried

    public FtpClient Client => client;

    public Target Target => target;

    public Terminal Terminal => terminal;

    public TransferChoices Transfers { get; set; } = transfers;

    public RemoteFolder Folder { get; } = new();

    /// <summary>Set by the command that leaves.</summary>
    public bool IsOver { get; set; }

    /// <summary>
    /// Runs lines until a command leaves or there are none. From a pipe the result is the code of the one command that failed, or
    /// <see cref="ExitCode.SomeFailed"/> if several did; somebody at a terminal has seen what failed, and leaving is no failure.
    /// </summary>
    public async Task<ExitCode> RunAsync(Func<Task<(LineEnd End, string Line)>> read)
    {
        interrupts.IsSession = terminal.IsInteractive;
        while (!IsOver && interrupts.Stop is null)
        {
            (LineEnd end, string line) = await read();
            if (end == LineEnd.EndOfInput)
            {
                break;
            }

            ExitCode code = Worst(await RunLineAsync(line), FlushOutput());
            if (!terminal.IsInteractive)
            {
                _result = code == ExitCode.Done ? _result : _result == ExitCode.Done ? code : ExitCode.SomeFailed;
                if (EndsScript(code) && !await CanContinueAsync(code))
                {
                    // Without a server, or against the user's wish, the script's other lines would only fail one by one.
                    return interrupts.Stop ?? code;
                }
            }
        }

        return interrupts.Stop ?? _result;
    }

    /// <summary>Runs one command and no more, and shows what went wrong.</summary>
    /// <param name="doing">The command as the user would name it.</param>
    /// <param name="command">Does it.</param>
    public async Task<ExitCode> RunOnceAsync(string doing, Func<CancellationToken, Task<ExitCode>> command)
    {
        ExitCode code;
        try
        {
            code = await command(interrupts.Begin());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            code = Show(e, doing);
        }

        code = Worst(code, FlushOutput());
        return interrupts.End() ? interrupts.Stop ?? ExitCode.Interrupted : code;
    }

    /// <summary>Runs one line and shows what went wrong.</summary>
    private async Task<ExitCode> RunLineAsync(string line)
    {
        string trimmed = line.Trim();
        if (trimmed.Length == 0 || trimmed.StartsWith('#'))
        {
            return ExitCode.Done;
        }

        ExitCode code = await AbandonableAsync(RunCommandAsync(trimmed, interrupts.Begin()), QuoteCommands.NameOf(trimmed));
        // At a terminal a Ctrl-C that came too late has done no harm; a script is to stop all the same.
        return interrupts.End() && code == ExitCode.Done && !terminal.IsInteractive ? ExitCode.Interrupted : code;
    }

    /// <summary>
    /// Waits for a command. A second Ctrl-C closes the connections and stops the wait; the command then fails in the background, and the next one connects again.
    /// </summary>
    private async Task<ExitCode> AbandonableAsync(Task<ExitCode> command, string doing)
    {
        if (await Task.WhenAny(command, interrupts.SecondInterrupt) == command)
        {
            return await command;
        }

        client.Disconnect();
        terminal.Say($"{doing.ToPrintable()}: stopped and disconnected from {target}; the next command connects again");
        return ExitCode.Interrupted;
    }

    private async Task<ExitCode> RunCommandAsync(string trimmed, CancellationToken cancellationToken)
    {
        try
        {
            if (trimmed.StartsWith('!'))
            {
                return await LocalCommands.RunAsync(this, trimmed[1..], cancellationToken);
            }

            (ShellCommand command, Arguments arguments) = ShellCommands.Demand(Words.Split(trimmed));
            return await command.Run(this, arguments, cancellationToken);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever a command throws ends that command, not the session.
            return Show(e, QuoteCommands.NameOf(trimmed));
        }
    }

    /// <summary>Does something with each of several names; one that fails is shown and does not keep the others from their turn.</summary>
    public async Task<ExitCode> EachAsync<T>(
        string verb, IReadOnlyCollection<T> items, Func<T, CancellationToken, Task> action, CancellationToken cancellationToken, bool areSeveral = false)
    {
        ExitCode result = ExitCode.Done;
        foreach (T item in items)
        {
            try
            {
                await action(item, cancellationToken);
            }
            catch (Exception e) when ((areSeveral || items.Count > 1) && !cancellationToken.IsCancellationRequested && e is not (OutOfMemoryException or OutputException))
            {
                result = ExitCode.SomeFailed;
                if (Show(e, $"{verb} {item}") is ExitCode.CannotConnect && !await CanReconnectAsync(cancellationToken))
                {
                    return ExitCode.CannotConnect;
                }
            }
        }

        return result;
    }

    /// <summary>What the parts of a command come to: a server that cannot be had counts most.</summary>
    public static ExitCode Worst(params ReadOnlySpan<ExitCode> codes)
    {
        ExitCode worst = ExitCode.Done;
        foreach (ExitCode code in codes)
        {
            worst = worst == ExitCode.CannotConnect || code == ExitCode.Done ? worst : code;
        }

        return worst;
    }

    /// <summary>What was thrown, in words.</summary>
    public Failure Explain(Exception e, string doing)
    {
        NoteLoss(e);
        return wording.Fit(Failures.Of(e, doing, target));
    }

    /// <summary>Records whether a command failed because its connection was lost. The server may accept a new one.</summary>
    public void NoteLoss(Exception e) =>
        _isConnectionLost = e is FtpConnectionException failure ? failure.Phase == FtpOperationPhase.Reply : _isConnectionLost;

    /// <summary>Returns the command that repeats a transfer of one file.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="option">The option for the existing file.</param>
    /// <param name="name">The file.</param>
    /// <param name="code">The exit code of the transfer, which may end the session.</param>
    public string Again(string verb, string option, string name, ExitCode code = ExitCode.Done) => WordingOf(verb, code).Command(verb, option, [new Word(name)]);

    /// <summary>Returns the command that repeats a transfer of several files.</summary>
    public string AgainMany(string verb, string option, IEnumerable<Word> names) => WordingOf(verb, ExitCode.Done).Command(verb, option, names);

    /// <summary>Returns the wording of a command for the user: for this session if it continues, else for the system's shell.</summary>
    public Wording WordingOf(string verb, ExitCode code)
    {
        bool isEnding = interrupts.Stop is not null || (!terminal.IsInteractive && (interrupts.IsInterrupted || EndsScript(code)));
        return isEnding && outside is not null ? outside(this, verb) : wording;
    }

    /// <summary>Whether the other lines of a script are not run after a command with this exit code.</summary>
    private static bool EndsScript(ExitCode code) => code is ExitCode.Interrupted or ExitCode.CannotConnect or ExitCode.LoginRefused or ExitCode.NotTrusted;

    /// <summary>Returns whether a script continues after a command that would end it: its connection was lost, and another one can be opened.</summary>
    private async Task<bool> CanContinueAsync(ExitCode code)
    {
        if (code != ExitCode.CannotConnect || interrupts.Stop is not null)
        {
            return false;
        }

        bool canReconnect = await CanReconnectAsync(interrupts.Begin());
        return !interrupts.End() && canReconnect;
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
            Show(e, "connect");
            return false;
        }
    }

    /// <inheritdoc cref="Interrupts.AwaitChildAsync"/>
    public Task AwaitChildAsync(Task child) => interrupts.AwaitChildAsync(child);

    /// <summary>Asks the user a question within a command. Null if the user cancels it, which ends the command.</summary>
    public string? Ask(string question) => interrupts.Ask(() => terminal.Ask(question));

    /// <summary>Writes the data of a command. Without a reader the session ends.</summary>
    private ExitCode FlushOutput()
    {
        try
        {
            terminal.Flush();
            return ExitCode.Done;
        }
        catch (OutputException e)
        {
            return Show(e, "");
        }
    }

    private ExitCode Show(Exception e, string doing)
    {
        if (e is OutputException output)
        {
            // No later command can show its data either.
            IsOver = true;
            if (output.Failure is { } unwritten)
            {
                terminal.Show(unwritten);
            }

            return output.Failure?.Code ?? ExitCode.Done;
        }

        Failure failure = Explain(e, doing);
        if (failure.Code == ExitCode.Interrupted)
        {
            // What the user wanted is no error.
            terminal.Say(failure.What.ToPrintable() + (failure.Next is null ? "" : $"\n  try: {failure.Next.ToPrintable()}"));
        }
        else
        {
            terminal.Show(failure);
        }

        return failure.Code;
    }
}
