using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Serving.Control;

/// <summary>
/// The Unix socket <c>control.sock</c> in the state directory. Only root and the user of the server can connect: the mode of the socket and
/// the credentials of the peer ensure this.
/// </summary>
internal static class ControlSocket
{
    /// <summary>The name of the socket in the state directory.</summary>
    public const string FileName = "control.sock";

    /// <summary>The maximum number of bytes of a socket's path (sun_path in unix(7)), without the NUL.</summary>
    private const int MaxPathBytes = 107;

    private const int SocketLevel = 1, PeerCredentials = 17; // SOL_SOCKET, SO_PEERCRED

    /// <summary>Creates the socket and starts to listen. Replaces the socket of a server that no longer runs.</summary>
    /// <param name="stateDirectory">The state directory, which exists.</param>
    /// <returns>The listening socket. Its disposal removes the file.</returns>
    /// <exception cref="ControlException">Another server uses the directory.</exception>
    /// <exception cref="SocketException">The socket cannot be created.</exception>
    /// <exception cref="IOException">The socket of the earlier server cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">The socket of the earlier server cannot be removed.</exception>
    public static Socket Bind(string stateDirectory)
    {
        string path = Path.Combine(stateDirectory, FileName);
        if (File.Exists(path))
        {
            if (TryConnect(stateDirectory) is { } other)
            {
                other.Dispose();
                throw new ControlException(ControlErrorCode.Failed, $"another server uses the state directory {stateDirectory}");
            }

            File.Delete(path);
        }

        using SafeFileHandle? directory = OpenIfPathIsLong(stateDirectory, out string shortPath);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(shortPath));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen(16);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to the server that uses a state directory. Returns null if no server listens.</summary>
    /// <exception cref="SocketException">The user may not access the socket, or another error occurred.</exception>
    public static Socket? TryConnect(string stateDirectory)
    {
        using SafeFileHandle? directory = OpenIfPathIsLong(stateDirectory, out string path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            // ENOENT is AddressNotAvailable: no server has used the directory. ECONNREFUSED: the server was killed.
            if (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
            {
                return null;
            }

            throw;
        }
    }

    /// <summary>Returns whether the peer of a connection is root or runs as the user of this process.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="ownUser">The name of the user of this process, or null if unknown.</param>
    /// <param name="user">The name of the user of the peer, or null if unknown.</param>
    /// <remarks>Only Linux reports the user in this form. On other systems, the mode of the socket is the only protection.</remarks>
    public static bool IsAllowedPeer(Socket connection, string? ownUser, out string? user)
    {
        user = ownUser;
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        Span<byte> credentials = stackalloc byte[12]; // struct ucred: pid, uid, gid
        int length = connection.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        uint userId = MemoryMarshal.Read<uint>(credentials[4..]);
        user = userId == 0 ? "root" : ownUser;
        return length == credentials.Length && (userId == 0 || userId == ProcessCalls.Geteuid());
    }

    /// <summary>
    /// Opens the directory if the path of the socket is too long for the kernel. The path through /proc is then short enough. Only Linux
    /// has such paths.
    /// </summary>
    private static SafeFileHandle? OpenIfPathIsLong(string stateDirectory, out string path)
    {
        path = Path.Combine(stateDirectory, FileName);
        if (System.Text.Encoding.UTF8.GetByteCount(path) <= MaxPathBytes || !OperatingSystem.IsLinux())
        {
            return null;
        }

        SafeFileHandle directory = FileCalls.Open(stateDirectory, FileCalls.O_PATH | FileCalls.O_DIRECTORY | FileCalls.O_CLOEXEC);
        if (!directory.IsInvalid)
        {
            path = $"/proc/self/fd/{directory.DangerousGetHandle()}/{FileName}";
        }

        return directory;
    }
}
