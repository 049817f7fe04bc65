using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Fts.Server.Data.Passive;

/// <summary>
/// The server's range of passive ports. All sessions share one listener for each local address and port. The listener opens when the port
/// is first needed, and closes after some time without use. A bind for each transfer would be slow, because the kernel searches all
/// connections in TIME_WAIT on the port.
/// </summary>
/// <remarks>The server disposes this object after its sessions have ended.</remarks>
internal sealed class PassivePorts(FtpServer server, FtpPassivePorts range) : IDisposable
{
    /// <summary>The maximum number of failed binds for one command. A bind fails if another program uses the port.</summary>
    private const int MaxBindFailures = 100;

    /// <summary>
    /// If this number of ports is open, ports without a reservation are closed before another port is opened. Without this limit, a
    /// client that repeats PASV would open a listener on every port of a large range.
    /// </summary>
    private const int MaxIdlePorts = 256;

    private readonly Lock _lock = new();
    private readonly PassivePortPoller _poller = new(server.Options.Logger);
    private readonly Dictionary<IPEndPoint, SharedPassivePort> _openPorts = [];

    /// <summary>
    /// Reserves a random port (RFC 2577 §8) for a connection of a client. At most one session has a reservation for the same client address
    /// on the same port.
    /// </summary>
    /// <param name="local">The local address to listen on.</param>
    /// <param name="peer">The client's address.</param>
    /// <exception cref="SocketException">No port is free for that client, or too many binds failed.</exception>
    public PassivePortReservation Reserve(IPAddress local, IPAddress peer)
    {
        int failures = 0;
        lock (_lock)
        {
            // The first random port is nearly always free. All ports are tried only if that port is not free.
            int random = RandomNumberGenerator.GetInt32(range.First, range.Last + 1);
            if (TryReserve(new IPEndPoint(local, random), peer, ref failures) is { } first)
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

    /// <summary>Closes the ports that have no reservation and were last reserved before a time.</summary>
    /// <param name="before">The time, in <see cref="Environment.TickCount64"/> milliseconds.</param>
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

    /// <summary>Closes all ports.</summary>
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

    /// <summary>
    /// Reserves a port. Returns null if the port is already reserved for the client address, or if the bind to the port fails. A failed
    /// bind increments <paramref name="failures"/>.
    /// </summary>
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
