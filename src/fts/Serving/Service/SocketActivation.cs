using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fts.Cli;
using Fts.Native;

namespace Fts.Serving.Service;

/// <summary>
/// The listening socket that the service manager opened for the server, with the protocol of sd_listen_fds(3). With it, a server without
/// privileges listens on port 21.
/// </summary>
internal static class SocketActivation
{
    private const string CountVariable = "LISTEN_FDS", ProcessVariable = "LISTEN_PID";

    /// <summary>The descriptor of the first socket.</summary>
    private const int FirstDescriptor = 3;

    /// <summary>Returns the socket, or null if the service manager opened none. The caller owns it.</summary>
    /// <param name="getVariable">Returns the value of an environment variable, or null if it is not set.</param>
    /// <exception cref="UserErrorException">There are several sockets, or the socket does not listen on a TCP port.</exception>
    public static Socket? TryGetListener(Func<string, string?> getVariable)
    {
        string ownId = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (OperatingSystem.IsWindows() || getVariable(ProcessVariable) != ownId || getVariable(CountVariable) is not { Length: > 0 } count)
        {
            return null;
        }

        if (count != "1")
        {
            throw CommandLine.CreateUsageError($"{CountVariable}={count}: the server accepts one socket; use one ListenStream= line");
        }

        try
        {
            var socket = new Socket(new SafeSocketHandle(FirstDescriptor, ownsHandle: true));
            if (OperatingSystem.IsLinux())
            {
                // The process that delivers events must not keep the port open.
                _ = DescriptorCalls.Fcntl(FirstDescriptor, DescriptorCalls.F_SETFD, DescriptorCalls.FD_CLOEXEC);
            }

            if (socket.LocalEndPoint is IPEndPoint && socket.SocketType == SocketType.Stream && IsListening(socket))
            {
                return socket;
            }

            socket.Dispose();
        }
        catch (SocketException)
        {
            // The descriptor is not a socket.
        }

        throw CommandLine.CreateUsageError($"{CountVariable}={count}: descriptor {FirstDescriptor} does not listen on a TCP port");
    }

    private static bool IsListening(Socket socket) =>
        socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 0;
}
