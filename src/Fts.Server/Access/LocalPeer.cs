using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Fts.Native;
using Fts.Server.ProxyProtocol;
using Fts.Server.Sessions;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Access;

/// <summary>
/// Finds the local user that runs the client of a loopback connection: the owner of the client's socket. Because TCP does not
/// support SO_PEERCRED, the owner is read through the netlink protocol sock_diag(7) or from /proc/net/tcp.
/// </summary>
internal static class LocalPeer
{
    // linux/netlink.h and linux/inet_diag.h: struct nlmsghdr, then inet_diag_req_v2 or inet_diag_msg.
    private const int HeaderLength = 16, RequestLength = HeaderLength + 56, StateOffset = HeaderLength + 1, PortsOffset = HeaderLength + 4;
    private const int UserOffset = HeaderLength + 64, InodeOffset = HeaderLength + 68, ReplyLength = HeaderLength + 72;
    private const int Established = 1, FinWait1 = 4, FinWait2 = 5; // netinet/tcp.h
    private const int SockDiagByFamily = 20, RequestFlag = 1, Tcp = 6;

    private static bool s_hasSocketDiagnostics;

    /// <summary>
    /// Returns the user id of the client's process. Returns null if the client is on another machine, connects through a load balancer or
    /// has closed its socket, or if this system does not report the user.
    /// </summary>
    public static async ValueTask<uint?> FindUserAsync(Session session, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        ConnectionEndPoints endPoints = ConnectionEndPoints.FromSocket(session.Socket);
        if (!IPAddress.IsLoopback(endPoints.Peer.Address) || session.Server.ProxyHeaders.RequiresHeader(endPoints.Peer.Address))
        {
            return null;
        }

        // With many connections, reading a whole /proc table takes milliseconds. It must not run on the thread that serves sockets.
        return TryQueryKernel(endPoints, out uint? user) ? user : await Task.Run(() => ProcNetTcp.FindUser(endPoints), cancellationToken);
    }

    /// <summary>Returns whether the client's process runs as root or as the server's own user. False if the user is unknown.</summary>
    public static async ValueTask<bool> IsOwnUserAsync(Session session, CancellationToken cancellationToken) =>
        await FindUserAsync(session, cancellationToken) is { } user && OperatingSystem.IsLinux() &&
        IsTrusted(user, ProcessCalls.Geteuid(), UserMapping.IsComplete);

    /// <summary>
    /// Returns whether a user is root or the server's own user. If not all users are mapped in the user namespace, the id
    /// <see cref="UserMapping.Unmapped"/> can be any user outside the namespace, and is not trusted.
    /// </summary>
    internal static bool IsTrusted(uint user, uint ownUser, bool isMappingComplete) =>
        (user == 0 || user == ownUser) && (isMappingComplete || user != UserMapping.Unmapped);

    /// <summary>
    /// Returns whether a process holds the socket. A closed socket that still waits for the end of its connection (FIN_WAIT, TIME_WAIT) has
    /// no inode, and the kernel reports root as its owner. Without this check, a client that closes its socket early would count as root.
    /// </summary>
    internal static bool IsHeldByProcess(int state, ulong inode) => inode != 0 && state is Established or FinWait1 or FinWait2;

    /// <summary>
    /// Queries the user id of the client's process through sock_diag. The user id is null if no process holds the client's socket.
    /// Returns false if the kernel is not known to support sock_diag.
    /// </summary>
    [SupportedOSPlatform("linux")]
    private static unsafe bool TryQueryKernel(ConnectionEndPoints endPoints, out uint? user)
    {
        user = null;
        const int Type = SocketCalls.SOCK_RAW | SocketCalls.SOCK_CLOEXEC | SocketCalls.SOCK_NONBLOCK; // the read must not wait
        using var netlink = new SafeFileHandle(
            SocketCalls.Socket(SocketCalls.AF_NETLINK, Type, SocketCalls.NETLINK_SOCK_DIAG), ownsHandle: true);
        if (netlink.IsInvalid)
        {
            return false;
        }

        byte* request = stackalloc byte[RequestLength];
        WriteRequest(new Span<byte>(request, RequestLength), endPoints);
        byte* reply = stackalloc byte[1024];
        int length = FileCalls.Write(netlink, request, RequestLength) == RequestLength ? (int)FileCalls.Read(netlink, reply, 1024) : 0;
        var answer = new ReadOnlySpan<byte>(reply, Math.Max(length, 0));
        if (length < ReplyLength || BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]) != SockDiagByFamily)
        {
            // The kernel returns ENOENT if the connection is unknown, and also if sock_diag is not supported. An earlier successful query
            // proves that sock_diag is supported.
            return Volatile.Read(ref s_hasSocketDiagnostics);
        }

        Volatile.Write(ref s_hasSocketDiagnostics, true);
        bool isClientSocket = BinaryPrimitives.ReadUInt16BigEndian(answer[PortsOffset..]) == endPoints.Peer.Port &&
            BinaryPrimitives.ReadUInt16BigEndian(answer[(PortsOffset + 2)..]) == endPoints.Local.Port;
        if (isClientSocket && IsHeldByProcess(answer[StateOffset], BitConverter.ToUInt32(answer[InodeOffset..])))
        {
            user = BitConverter.ToUInt32(answer[UserOffset..]);
        }

        return true;
    }

    /// <summary>Writes the query for the client's socket: from the client's address and port to the server's.</summary>
    private static void WriteRequest(Span<byte> request, ConnectionEndPoints endPoints)
    {
        request.Clear();
        BitConverter.TryWriteBytes(request, RequestLength);
        BitConverter.TryWriteBytes(request[4..], (ushort)SockDiagByFamily);
        BitConverter.TryWriteBytes(request[6..], (ushort)RequestFlag);
        Span<byte> body = request[HeaderLength..];
        // Linux: AF_INET is 2, AF_INET6 is 10.
        (body[0], body[1]) = (endPoints.Peer.AddressFamily == AddressFamily.InterNetwork ? (byte)2 : (byte)10, Tcp);
        BitConverter.TryWriteBytes(body[4..], uint.MaxValue); // every state
        BinaryPrimitives.WriteUInt16BigEndian(body[8..], (ushort)endPoints.Peer.Port);
        BinaryPrimitives.WriteUInt16BigEndian(body[10..], (ushort)endPoints.Local.Port);
        endPoints.Peer.Address.TryWriteBytes(body[12..], out _);
        endPoints.Local.Address.TryWriteBytes(body[28..], out _);
        BitConverter.TryWriteBytes(body[48..], ulong.MaxValue); // INET_DIAG_NOCOOKIE
    }
}

/// <summary>The mapping of the machine's user ids to the user namespace of this process (user_namespaces(7)).</summary>
internal static class UserMapping
{
    /// <summary>The id that the kernel reports for every user without a mapping (overflowuid).</summary>
    public const uint Unmapped = 65534;

    private static readonly Lazy<bool> LazyIsComplete = new(ReadIsComplete);

    /// <summary>Whether every user id is mapped to itself, as outside of containers. False if that is unknown.</summary>
    public static bool IsComplete => LazyIsComplete.Value;

    private static bool ReadIsComplete()
    {
        try
        {
            string[] columns = File.ReadAllText("/proc/self/uid_map").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            return columns is ["0", "0", var column] &&
                uint.TryParse(column, CultureInfo.InvariantCulture, out uint count) && count == uint.MaxValue;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
