using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Fts.Server.Sessions;

/// <summary>
/// Records the progress of the accept loops and of the session monitor, so that a server that hangs is detected. An accept loop hangs if
/// connections wait in the queue of its listener and the loop accepts none of them.
/// </summary>
/// <remarks>A connection of the server to itself would also prove this, but it would be logged, and it would need a session.</remarks>
internal sealed class ServerHealth
{
    /// <summary>The time without progress after which a loop counts as hung.</summary>
    private static readonly TimeSpan HangTime = TimeSpan.FromSeconds(5);

    private readonly Func<int>[] _countWaiting;
    private readonly long[] _accepts; // written by the accept loops
    private readonly long[] _lastAccepts; // used by the monitor only
    private readonly long[] _stuckSince; // written by the monitor; 0 while a loop makes progress
    private long _lastMonitorPass;

    /// <summary>Creates the record for listeners.</summary>
    public ServerHealth(IReadOnlyList<Socket> listeners)
        : this([.. listeners.Select(listener => (Func<int>)(() => CountWaitingConnections(listener)))], Environment.TickCount64)
    {
    }

    /// <summary>Creates the record for listeners whose waiting connections the functions count.</summary>
    internal ServerHealth(Func<int>[] countWaiting, long now)
    {
        int count = countWaiting.Length;
        (_countWaiting, _accepts, _lastAccepts, _stuckSince) = (countWaiting, new long[count], new long[count], new long[count]);
        _lastMonitorPass = now;
    }

    /// <summary>Records that an accept loop has accepted a connection, or has failed to.</summary>
    public void RecordAccept(int listener) => Interlocked.Increment(ref _accepts[listener]);

    /// <summary>Records that the session monitor has checked all sessions, and checks the listeners.</summary>
    /// <param name="now">The time, as in <see cref="Environment.TickCount64"/>.</param>
    public void RecordMonitorPass(long now)
    {
        for (int i = 0; i < _countWaiting.Length; i++)
        {
            long accepts = Interlocked.Read(ref _accepts[i]);
            bool isStuck = accepts == _lastAccepts[i] && _countWaiting[i]() > 0;
            _lastAccepts[i] = accepts;
            if (!isStuck)
            {
                Volatile.Write(ref _stuckSince[i], 0);
            }
            else if (_stuckSince[i] == 0)
            {
                Volatile.Write(ref _stuckSince[i], now);
            }
        }

        Volatile.Write(ref _lastMonitorPass, now);
    }

    /// <summary>Returns whether no loop hangs.</summary>
    /// <param name="now">The time, as in <see cref="Environment.TickCount64"/>.</param>
    /// <param name="isAccepting">Whether the server accepts connections. The accept loops are checked only then.</param>
    public bool IsResponsive(long now, bool isAccepting)
    {
        if (now - Volatile.Read(ref _lastMonitorPass) > HangTime.TotalMilliseconds)
        {
            return false;
        }

        for (int i = 0; isAccepting && i < _stuckSince.Length; i++)
        {
            if (Volatile.Read(ref _stuckSince[i]) is > 0 and var since && now - since > HangTime.TotalMilliseconds)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Returns the number of connections in the queue of a listener. Linux reports it for a listener in the field <c>tcpi_unacked</c> of
    /// TCP_INFO (tcp(7)). Returns 0 on other systems, and if the listener is closed.
    /// </summary>
    private static int CountWaitingConnections(Socket listener)
    {
        const int tcp = 6, tcpInfo = 11, unackedOffset = 24;
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        try
        {
            Span<byte> info = stackalloc byte[unackedOffset + sizeof(int)];
            return listener.GetRawSocketOption(tcp, tcpInfo, info) == info.Length
                ? MemoryMarshal.Read<int>(info[unackedOffset..])
                : 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
