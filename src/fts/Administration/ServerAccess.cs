using System.Net.Sockets;
using Fts.Cli;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>Connects the administration commands to the running server, and translates failures to errors for the user.</summary>
internal static class ServerAccess
{
    /// <summary>Connects to the server that uses the state directory.</summary>
    /// <exception cref="UserErrorException">No server uses it, or the user may not access its socket.</exception>
    public static ControlClient Connect(string stateDirectory) => TryConnect(stateDirectory) ?? throw new UserErrorException(
        ExitCode.CannotConnect,
        $"no running server uses the state directory {stateDirectory}",
        $"fts server --state {ShellQuoting.Quote(stateDirectory)}, to start one, or --state DIR, to name another directory");

    /// <summary>Connects to the server that uses the state directory. Returns null if no server uses it.</summary>
    /// <exception cref="UserErrorException">The user may not access its socket.</exception>
    public static ControlClient? TryConnect(string stateDirectory)
    {
        try
        {
            return ControlClient.TryConnect(stateDirectory);
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode == SocketError.AccessDenied
                ? new UserErrorException(
                    ExitCode.PermissionDenied,
                    $"permission denied: the server that uses {stateDirectory} belongs to another user",
                    "the same command as the user of the server or as root")
                : new UserErrorException(ExitCode.CannotConnect, $"cannot connect to the server that uses {stateDirectory}: {e.Message}");
        }
    }

    /// <summary>Returns the error for the user for a failed request.</summary>
    public static UserErrorException Translate(ControlException e) => new(
        e.Code switch
        {
            ControlErrorCode.NotFound => ExitCode.NotFound,
            ControlErrorCode.Invalid => ExitCode.UsageError,
            _ => ExitCode.OtherError,
        },
        e.Message);
}
