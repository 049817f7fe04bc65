using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Trust;

namespace Fts.Cli.Connections;

/// <summary>
/// Opens the connection of an interactive session: at its start, and for <c>open</c> and <c>user</c>. Asks for another password if the
/// server refuses the login. Owns the current connection until it is closed or replaced.
/// </summary>
/// <param name="options">The options of the session.</param>
/// <param name="line">The command line.</param>
/// <param name="terminal">The terminal of the session.</param>
internal sealed class SessionConnector(ConnectionOptions options, CommandLine line, Terminal terminal) : IAsyncDisposable
{
    /// <summary>The number of questions for a user and password before the login fails.</summary>
    private const int MaxQuestions = 3;

    private ServerConnection? _connection;

    /// <summary>Connects to the first server of the session. The connection was prepared with all options.</summary>
    public async Task OpenFirstAsync(ClientShell shell, ServerConnection connection, CancellationToken cancellationToken)
    {
        _connection = connection;
        await LogInAsync(shell, connection, cancellationToken);
    }

    /// <summary>
    /// Connects to a server, changes to its folder, and then closes the earlier connection. If the attempt fails, the earlier connection
    /// remains. The password of the command line is not used, because it belongs to another server or user.
    /// </summary>
    public async Task OpenAsync(ClientShell shell, Target target, CancellationToken cancellationToken)
    {
        if (shell.Jobs.Active.Count > 0)
        {
            throw new UserErrorException(ExitCode.OtherError, "open: jobs are running on the current connection", "wait, or kill");
        }

        ServerConnection? earlier = _connection;
        try
        {
            _connection = options.PrepareNext(line, target, terminal, null);
            await LogInAsync(shell, _connection, cancellationToken);
        }
        catch
        {
            if (_connection is not null && _connection != earlier)
            {
                await _connection.DisposeAsync();
            }

            _connection = earlier;
            throw;
        }

        if (earlier is not null)
        {
            await earlier.DisposeAsync();
        }
    }

    /// <summary>Closes the connection.</summary>
    public async Task CloseAsync(ClientShell shell)
    {
        if (shell.Jobs.Active.Count > 0)
        {
            throw new UserErrorException(ExitCode.OtherError, "close: jobs are running on the connection", "wait, or kill");
        }

        shell.Detach();
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
            _connection = null;
        }
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
    }

    /// <summary>Connects, asks for a user and password if the server refuses the login on a terminal, and enters the folder.</summary>
    private async Task LogInAsync(ClientShell shell, ServerConnection connection, CancellationToken cancellationToken)
    {
        for (int questions = 0; ; questions++)
        {
            try
            {
                await connection.OpenAsync(showsGreeting: true, isTransferNext: false, cancellationToken);
                break;
            }
            catch (FtpLoginException e) when (terminal.IsInteractive && questions < MaxQuestions && CanHelp(e))
            {
                UserError error = ExceptionTranslator.Translate(e, "connect", connection.Target);
                terminal.ShowError(error with { Advice = null });
                SignInCredentials credentials = Ask(shell, connection);
                await connection.DisposeAsync();
                Target target = connection.Target with { User = credentials.User };
                connection = _connection = options.PrepareNext(line, target, terminal, credentials);
            }
        }

        var folder = new RemoteDirectory();
        if (connection.Target.UrlPath is { } path)
        {
            await folder.ChangeAsync(connection.Client, path, cancellationToken);
        }

        shell.Attach(connection.Client, connection.Target, folder);
    }

    /// <summary>Returns whether another user or password may help: 430 or 530 that does not request TLS or a certificate.</summary>
    private static bool CanHelp(FtpLoginException e) => (int)e.Reply.Code is 430 or 530
        && !e.Reply.Lines.Any(text => text.Contains("TLS", StringComparison.OrdinalIgnoreCase)
            || text.Contains("certificate", StringComparison.OrdinalIgnoreCase)
            || text.Contains("too many", StringComparison.OrdinalIgnoreCase));

    private SignInCredentials Ask(ClientShell shell, ServerConnection connection)
    {
        string earlier = connection.Credentials.User;
        bool isAnonymous = string.Equals(earlier, SignInCredentials.AnonymousUser, StringComparison.OrdinalIgnoreCase);
        string question = isAnonymous ? "user: " : $"user [{earlier.ToPrintable()}]: ";
        string? typed = shell.Prompt(() => terminal.PromptForText(question, isEchoed: true))?.Trim();
        string user = typed is { Length: > 0 } ? typed : earlier;
        string passwordQuestion = $"password for {user.ToPrintable()} on {connection.Target.Host}: ";
        string? password = typed is null ? null : shell.Prompt(() => terminal.PromptForText(passwordQuestion, isEchoed: false));
        return password is null ? throw new OperationCanceledException() : new SignInCredentials(user, password);
    }
}
