using System.Net.Sockets;
using System.Text;

namespace Fts.ProgramTests.Support;

/// <summary>A service manager that receives the messages of sd_notify(3).</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    /// <summary>Creates the socket at a path, or with an abstract name if the address starts with @.</summary>
    public NotifySocket(string address)
    {
        Address = address;
        _socket.Bind(new UnixDomainSocketEndPoint(address[0] == '@' ? '\0' + address[1..] : address));
    }

    /// <summary>The value of NOTIFY_SOCKET.</summary>
    public string Address { get; }

    /// <summary>Waits for a message.</summary>
    public async Task<string> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer, deadline.Token));
    }

    /// <summary>Waits for a message that does not come from the watchdog.</summary>
    public async Task<string> ReceiveStateAsync()
    {
        string message;
        do
        {
            message = await ReceiveAsync();
        }
        while (message.StartsWith("WATCHDOG=1\n", StringComparison.Ordinal));

        return message;
    }

    public void Dispose() => _socket.Dispose();
}
