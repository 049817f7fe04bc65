using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Client;

/// <summary>SOCKS version 5 (RFC 1928) as far as CONNECT needs it, and its user names and passwords (RFC 1929).</summary>
internal static class Socks5
{
    private const byte Version = 5, SignInVersion = 1, Connect = 1, Nobody = 0, UserAndPassword = 2, NoneOfThese = 255, IPv4 = 1, Name = 3, IPv6 = 4;

    /// <summary>Has the proxy connect to a host. The host is an address or an ASCII name, as <see cref="FtpProxy.NameOf"/> gives it.</summary>
    /// <exception cref="FtpProxyException">It does not.</exception>
    public static async Task ConnectAsync(ProxyWire wire, string host, int port)
    {
        bool hasUser = wire.Proxy.UserName is not null;
        await wire.SendAsync(hasUser ? new byte[] { Version, 2, Nobody, UserAndPassword } : [Version, 1, Nobody]).ConfigureAwait(false);
        byte[] choice = new byte[2];
        await wire.ReceiveAsync(choice).ConfigureAwait(false);
        if (choice[0] != Version)
        {
            throw NotSocks(wire, choice);
        }

        switch (choice[1])
        {
            case Nobody:
                break;
            case UserAndPassword when hasUser:
                await SignInAsync(wire).ConfigureAwait(false);
                break;
            case NoneOfThese:
                throw wire.Failed(hasUser ? "takes neither anybody nor a user with a password" : "wants to know who uses it, and no user was given");
            default:
                throw wire.Failed($"chose a way to sign in that was not offered ({choice[1]})");
        }

        await wire.SendAsync(Request(host, port)).ConfigureAwait(false);
        await ReadAnswerAsync(wire, host, port).ConfigureAwait(false);
    }

    private static async Task SignInAsync(ProxyWire wire)
    {
        byte[] user = Encoding.UTF8.GetBytes(wire.Proxy.UserName!), password = Encoding.UTF8.GetBytes(wire.Proxy.Password);
        await wire.SendAsync((byte[])[SignInVersion, (byte)user.Length, .. user, (byte)password.Length, .. password]).ConfigureAwait(false);
        byte[] answer = new byte[2];
        await wire.ReceiveAsync(answer).ConfigureAwait(false);
        if (answer[0] != SignInVersion)
        {
            throw NotSocks(wire, answer);
        }

        if (answer[1] != 0)
        {
            throw wire.Failed($"refuses the user or the password (status {answer[1]})");
        }
    }

    private static byte[] Request(string host, int port)
    {
        byte[] portBytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(portBytes, (ushort)port);
        byte[] address = IPAddress.TryParse(host, out IPAddress? ip)
            ? [ip.AddressFamily == AddressFamily.InterNetwork ? IPv4 : IPv6, .. ip.GetAddressBytes()]
            : [Name, (byte)host.Length, .. Encoding.ASCII.GetBytes(host)];
        return [Version, Connect, 0, .. address, .. portBytes];
    }

    /// <summary>The answer carries the address that the proxy connects from, which is of no use here but has to be read.</summary>
    private static async Task ReadAnswerAsync(ProxyWire wire, string host, int port)
    {
        byte[] head = new byte[4];
        await wire.ReceiveAsync(head.AsMemory(0, 2)).ConfigureAwait(false);
        if (head[0] != Version)
        {
            throw NotSocks(wire, head.AsSpan(0, 2));
        }

        if (head[1] != 0)
        {
            // Some proxies close before the rest of a refusal, and nothing in it is needed.
            throw Refused(wire, head[1], host, port);
        }

        await wire.ReceiveAsync(head.AsMemory(2)).ConfigureAwait(false);
        int length = head[2] != 0 ? 0 : head[3] switch
        {
            IPv4 => 4,
            IPv6 => 16,
            Name => await ReadByteAsync(wire).ConfigureAwait(false),
            _ => 0,
        };
        if (length == 0)
        {
            throw NotSocks(wire, head);
        }

        await wire.ReceiveAsync(new byte[length + 2]).ConfigureAwait(false);
    }

    private static async Task<int> ReadByteAsync(ProxyWire wire)
    {
        byte[] one = new byte[1];
        await wire.ReceiveAsync(one).ConfigureAwait(false);
        return one[0];
    }

    private static FtpProxyException Refused(ProxyWire wire, byte code, string host, int port)
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

    private static FtpProxyException NotSocks(ProxyWire wire, ReadOnlySpan<byte> answer) => wire.Failed($"does not answer as SOCKS5 does: {Convert.ToHexString(answer)}");
}
