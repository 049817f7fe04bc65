using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Fts.Server.Data.Passive;

/// <summary>
/// The server's range of passive ports. Each port is listened on once for all sessions, from when it is first needed until it has been idle for a while:
/// a fresh bind for each transfer would have to pass over all the closed connections of that port in TIME_WAIT.
/// </summary>
/// <remarks>The server disposes it, after its sessions.</remarks>
internal sealed class PassivePorts(FtpServer server, FtpPassivePorts range) : IDisposable
{
    /// <summary>How many ports that turn out to be another program's are tried for one command.</summary>
    private const int MaxBindFailures = 100;

    /// <summary>
    /// How many ports stay open that nobody waits on: a client that says PASV without end would otherwise have all of a great range listened on.
    /// </summary>
    private const int MaxIdlePorts = 256;

    private readonly Lock _lock = new();
    private readonly PassivePortPoller _poller = new(server.Options.Logger);
    private readonly Dictionary<IPEndPoint, SharedPassivePort> _openPorts = [];

    /// <summary>Waits for a connection of this peer, on a port that cannot be foreseen (RFC 2577 §8) and on which no other session waits for the same address.</summary>
    /// <param name="local">The address of this machine to listen on.</param>
    /// <param name="peer">Whose connection is waited for.</param>
    /// <exception cref="SocketException">No port is free for that peer.</exception>
    public PassivePortReservation Reserve(IPAddress local, IPAddress peer)
    {
        int failures = 0;
        lock (_lock)
        {
            // The first draw nearly always does; all ports are gone through only when they run short.
            int drawn = RandomNumberGenerator.GetInt32(range.First, range.Last + 1);
            if (TryReserve(new IPEndPoint(local, drawn), peer, ref failures) is { } first)
            {
                return first;
            }

            foreach (int port in ShufflePorts())
            {
                if (TryReserve(new IPEndPoint(local, port), peer, ref failures) is { } reservation)
                {
                    return reservation;
                }

                if (failures == MaxBindFailures)
                {
                    break;
                }
            }
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    /// <summary>Closes the ports on which nobody waits, nor did since <paramref name="before"/> (<see cref="Environment.TickCount64"/>).</summary>
    public void CloseIdle(long before)
    {
        lock (_lock)
        {
            foreach ((IPEndPoint endPoint, SharedPassivePort port) in _openPorts)
            {
                if (port.IsIdle(before))
                {
                    _openPorts.Remove(endPoint);
                    port.Dispose();
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (SharedPassivePort port in _openPorts.Values)
            {
                port.Dispose();
            }

            _openPorts.Clear();
            _poller.Dispose();
        }
    }

    private int[] ShufflePorts()
    {
        int[] ports = [.. Enumerable.Range(range.First, range.Last - range.First + 1)];
        RandomNumberGenerator.Shuffle<int>(ports);
        return ports;
    }

    private PassivePortReservation? TryReserve(IPEndPoint endPoint, IPAddress peer, ref int failures)
    {
        if (!_openPorts.TryGetValue(endPoint, out SharedPassivePort? port))
        {
            if (_openPorts.Count >= MaxIdlePorts)
            {
                CloseIdle(before: long.MaxValue);
            }

            try
            {
                _openPorts[endPoint] = port = new SharedPassivePort(server, _poller, endPoint);
            }
            catch (SocketException)
            {
                failures++;
                return null;
            }
        }

        return port.Reserve(peer);
    }
}
