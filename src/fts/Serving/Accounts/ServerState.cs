using System.Net.Sockets;
using Fts.Accounts.Bans;
using Fts.Accounts.Sql.Bans;
using Fts.Accounts.Sql.Sqlite;
using Fts.Cli;
using Fts.Server;
using Fts.Serving.Control;

namespace Fts.Serving.Accounts;

/// <summary>
/// What a running server keeps open in its state directory: the database and the control socket. Both are opened before the sandbox, and no
/// thread is started for them. The caller disposes this object after the server.
/// </summary>
internal sealed class ServerState : IDisposable
{
    private readonly StateDirectory _directory;
    private readonly SqliteDatabase _database;
    private readonly Socket _controlListener;

    private ServerState(StateDirectory directory, SqliteDatabase database, Socket controlListener) =>
        (_directory, _database, _controlListener, Bans) = (directory, database, controlListener, new SqlBanStore(database));

    /// <summary>The folders that the server reads and writes, and that no client may access.</summary>
    public IReadOnlyList<string> Folders => [_directory.Path];

    /// <summary>The stored bans.</summary>
    public IBanStore Bans { get; }

    /// <summary>Opens the database and the control socket. Returns null if no state directory is used.</summary>
    /// <exception cref="UserErrorException">The directory, the database or the socket cannot be used.</exception>
    public static ServerState? Open(StateDirectory? directory)
    {
        if (directory is null)
        {
            return null;
        }

        directory.Create();
        Socket? listener = null;
        try
        {
            listener = ControlSocket.Bind(directory.Path);
            return new ServerState(directory, SqliteDatabase.Open(directory.DatabasePath), listener);
        }
        catch (Exception e)
        {
            listener?.Dispose();
            throw e switch
            {
                ControlException => new UserErrorException(
                    ExitCode.LocalFileError, e.Message, "--state DIR, to use another state directory, or stop the other server"),
                SocketException or UnauthorizedAccessException => new UserErrorException(
                    ExitCode.LocalFileError, $"cannot create the control socket in {directory.Path}: {LocalErrorText.Describe(e)}"),
                IOException => new UserErrorException(ExitCode.LocalFileError, e.Message),
                _ => e,
            };
        }
    }

    /// <summary>Starts to accept requests on the control socket. The caller disposes the result before this object.</summary>
    /// <param name="server">The server.</param>
    /// <param name="refreshAsync">Applies changes of the accounts to the open sessions.</param>
    /// <param name="output">The log.</param>
    public ControlServer StartControl(FtpServer server, Func<CancellationToken, ValueTask> refreshAsync, BackgroundLineWriter output)
    {
        var control = new ControlServer(
            _controlListener, new ControlRequests(server, refreshAsync), message => output.Write(LineLogger.AddTimestamp(message)));
        control.Start();
        return control;
    }

    public void Dispose()
    {
        _controlListener.Dispose(); // also removes the socket's file
        _database.Dispose();
    }
}
