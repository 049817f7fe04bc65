using System.Net.Sockets;
using Fts.Cli;
using Fts.Server;
using Fts.Serving.Logging;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Control;

/// <summary>
/// The listening control socket of a server. It is opened in the sandbox, because .NET starts a thread for its sockets. The caller disposes
/// it after the server.
/// </summary>
internal sealed class ControlEndpoint : IDisposable
{
    private readonly Socket _listener;

    private ControlEndpoint(Socket listener) => _listener = listener;

    /// <summary>Opens the control socket in the state directory.</summary>
    /// <exception cref="UserErrorException">Another server uses the socket, or it cannot be created.</exception>
    public static ControlEndpoint Open(string stateDirectory)
    {
        try
        {
            return new ControlEndpoint(ControlSocket.Bind(stateDirectory));
        }
        catch (ControlException e)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, e.Message, "stop that server, or choose another folder with --state DIR");
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot create the control socket in {stateDirectory}: {LocalErrorText.Describe(e)}");
        }
    }

    /// <summary>Starts to accept requests. The caller disposes the result before this object.</summary>
    /// <param name="server">The server.</param>
    /// <param name="refreshAsync">Applies changes of the accounts to the open sessions.</param>
    /// <param name="records">The requests for events and quotas.</param>
    /// <param name="log">The log.</param>
    /// <param name="ownUser">The name of the user of this process, or null if unknown.</param>
    /// <param name="folders">The folders that the sandbox allows.</param>
    public ControlServer Start(
        FtpServer server, Func<CancellationToken, ValueTask> refreshAsync, RecordRequests? records, ServerLog log, string? ownUser,
        FoldersResult folders)
    {
        ILogger logger = log.LoggerFactory.CreateLogger("fts");
        var control = new ControlServer(
            _listener,
            new ControlRequests(
                server, refreshAsync, records, (session, user) => ProgramLog.SessionKicked(logger, session, user ?? "an administrator"),
                folders),
            message => log.WriteEvent(LogLevel.Warning, "ControlSocket", message), ownUser);
        control.Start();
        return control;
    }

    public void Dispose() => _listener.Dispose(); // also removes the file
}
