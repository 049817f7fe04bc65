using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Client.Proxies;

/// <summary>SOCKS version 5 (RFC 1928) as far as CONNECT needs it, and its user names and passwords (RFC 1929).</summary>
internal static class Socks5
{
    private const byte Version = 5, PasswordVersion = 1, ConnectCommand = 1, NoAuthentication = 0, UserAndPassword = 2, NoAcceptableMethod = 255, IPv4 = 1, DomainName = 3, IPv6 = 4;

    /// <summary>Has the proxy connect to a host. The host is an address or an ASCII name, as <see cref="FtpProxy.NormalizeHost"/> gives it.</summary>
    /// <exception cref="FtpProxyException">It does not.</exception>
    public static async Task ConnectAsync(ProxyConnection wire, string host, int port)
    {
        bool hasUser = wire.Proxy.UserName is not null;
        await wire.SendAsync(hasUser ? new byte[] { Version, 2, NoAuthentication, UserAndPassword } : [Version, 1, NoAuthentication]).ConfigureAwait(false);
        byte[] choice = new byte[2];
        await wire.ReceiveAsync(choice).ConfigureAwait(false);
        if (choice[0] != Version)
        {
            throw CreateProtocolException(wire, choice);
        }

        switch (choice[1])
        {
            case NoAuthentication:
                break;
            case UserAndPassword when hasUser:
                await AuthenticateAsync(wire).ConfigureAwait(false);
                break;
            case NoAcceptableMethod:
                throw wire.CreatePermanentException(hasUser ? "takes neither anybody nor a user with a password" : "wants to know who uses it, and no user was given");
            default:
                throw wire.CreatePermanentException($"chose a way to sign in that was not offered ({choice[1]})");
        }

        await wire.SendAsync(CreateRequest(host, port)).ConfigureAwait(false);
        await ReadReplyAsync(wire, host, port).ConfigureAwait(false);
    }

    private static async Task AuthenticateAsync(ProxyConnection wire)
    {
        byte[] user = Encoding.UTF8.GetBytes(wire.Proxy.UserName!), password = Encoding.UTF8.GetBytes(wire.Proxy.Password);
        await wire.SendAsync((byte[])[PasswordVersion, (byte)user.Length, .. user, (byte)password.Length, .. password]).ConfigureAwait(false);
        byte[] answer = new byte[2];
        await wire.ReceiveAsync(answer).ConfigureAwait(false);
        if (answer[0] != PasswordVersion)
        {
            throw CreateProtocolException(wire, answer);
        }

        if (answer[1] != 0)
        {
            throw wire.CreatePermanentException($"refuses the user or the password (status {answer[1]})");
        }
    }

    private static byte[] CreateRequest(string host, int port)
    {
        byte[] portBytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(portBytes, (ushort)port);
        byte[] address = IPAddress.TryParse(host, out IPAddress? ip)
            ? [ip.AddressFamily == AddressFamily.InterNetwork ? IPv4 : IPv6, .. ip.GetAddressBytes()]
            : [DomainName, (byte)host.Length, .. Encoding.ASCII.GetBytes(host)];
        return [Version, ConnectCommand, 0, .. address, .. portBytes];
    }

    /// <summary>The answer carries the address that the proxy connects from, which is of no use here but has to be read.</summary>
    private static async Task ReadReplyAsync(ProxyConnection wire, string host, int port)
    {
        byte[] head = new byte[4];
        await wire.ReceiveAsync(head.AsMemory(0, 2)).ConfigureAwait(false);
        if (head[0] != Version)
        {
            throw CreateProtocolException(wire, head.AsSpan(0, 2));
        }

        if (head[1] != 0)
        {
            // Some proxies close before the rest of a refusal, and nothing in it is needed.
            throw CreateRejectedException(wire, head[1], host, port);
        }

        await wire.ReceiveAsync(head.AsMemory(2)).ConfigureAwait(false);
        int length = head[2] != 0 ? 0 : head[3] switch
        {
            IPv4 => 4,
            IPv6 => 16,
            DomainName => await ReadByteAsync(wire).ConfigureAwait(false),
            _ => 0,
        };
        if (length == 0)
        {
            throw CreateProtocolException(wire, head);
        }

        await wire.ReceiveAsync(new byte[length + 2]).ConfigureAwait(false);
    }

    private static async Task<int> ReadByteAsync(ProxyConnection wire)
    {
        byte[] one = new byte[1];
        await wire.ReceiveAsync(one).ConfigureAwait(false);
        return one[0];
    }

    private static FtpProxyException CreateRejectedException(ProxyConnection wire, byte code, string host, int port)
    {
        // RFC 1928 §6.
        (string words, bool isTransient) = code switch
        {
            1 => ("general failure", true),
            2 => ("not allowed by its rules", false),
            3 => ("network unreachable", true),
            4 => ("host unreachable", true),
            5 => ("connection refused", true),
            6 => ("time to live expired", true),
            7 => ("command not supported", false),
            8 => ("kind of address not supported", false),
            _ => ("a reason that SOCKS does not know", false),
        };
        return new FtpProxyException(wire.Proxy, $"does not connect to {host} port {port}: {words} ({code})", isTransient);
    }

    private static FtpProxyException CreateProtocolException(ProxyConnection wire, ReadOnlySpan<byte> answer) => wire.CreatePermanentException($"does not answer as SOCKS5 does: {Convert.ToHexString(answer)}");
}
