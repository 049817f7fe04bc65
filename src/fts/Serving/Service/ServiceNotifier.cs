using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Fts.Protocol;

namespace Fts.Serving.Service;

/// <summary>
/// Reports the state of the server to the service manager, with the protocol of sd_notify(3): datagrams to the Unix socket that the
/// variable NOTIFY_SOCKET names. Without the variable, the methods do nothing.
/// </summary>
/// <remarks>
/// The socket is connected before the sandbox is entered, because the sandbox may not allow access to its path. A message that the service
/// manager does not receive is lost. It must not delay or end the server.
/// </remarks>
internal sealed class ServiceNotifier : IDisposable
{
    private readonly Socket? _socket;

    /// <summary>Connects to the socket of the service manager, if there is one.</summary>
    /// <param name="getVariable">Returns the value of an environment variable, or null if it is not set.</param>
    public ServiceNotifier(Func<string, string?> getVariable)
    {
        WatchdogTimeout = ParseWatchdogTimeout(getVariable);
        if (getVariable("NOTIFY_SOCKET") is not { Length: > 1 } address)
        {
            return;
        }

        try
        {
            // The name of an abstract socket starts with @ in the variable, and with NUL in the address.
            string path = address[0] == '@' ? '\0' + address[1..] : address;
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
            _socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            _socket?.Dispose();
            _socket = null;
            Failure = $"cannot notify the service manager at {address.ToPrintable()}: {e.Message.ToPrintable()}";
        }
    }

    /// <summary>Why the service manager cannot be notified. Null if it can be, or if there is none.</summary>
    public string? Failure { get; }

    /// <summary>
    /// The time after which the service manager kills a server that has not called <see cref="NotifyWatchdog"/>. Null if there is no
    /// watchdog.
    /// </summary>
    public TimeSpan? WatchdogTimeout { get; }

    /// <summary>Reports that the server accepts connections.</summary>
    /// <param name="status">A description of the state for the user.</param>
    public void NotifyReady(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>Reports that the server reads its configuration again. <see cref="NotifyReady"/> must follow.</summary>
    /// <param name="clock">The clock. Its timestamps must be those of CLOCK_MONOTONIC, as <see cref="TimeProvider.System"/> has.</param>
    public void NotifyReloading(TimeProvider clock)
    {
        double microseconds = clock.GetTimestamp() * (1_000_000.0 / clock.TimestampFrequency);
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={microseconds:F0}"));
    }

    /// <summary>Reports that the server stops.</summary>
    public void NotifyStopping() => Send("STOPPING=1\nSTATUS=waiting for running transfers");

    /// <summary>Reports that the server still serves.</summary>
    /// <param name="status">A description of the state for the user.</param>
    public void NotifyWatchdog(string status) => Send($"WATCHDOG=1\nSTATUS={status}");

    public void Dispose() => _socket?.Dispose();

    private static TimeSpan? ParseWatchdogTimeout(Func<string, string?> getVariable)
    {
        // WATCHDOG_PID protects against variables that were inherited from another service.
        bool isForThisProcess = getVariable("WATCHDOG_PID") is not { Length: > 0 } id
            || id == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return isForThisProcess
            && uint.TryParse(getVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out uint microseconds)
            && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    private void Send(string message)
    {
        try
        {
            _socket?.Send(Encoding.UTF8.GetBytes(message));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The service manager is gone or busy. The message is lost.
        }
    }
}
