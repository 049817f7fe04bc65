using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Client.Proxies;

/// <summary>Connects to a host through a SOCKS version 5 proxy (RFC 1928), with user name and password authentication (RFC 1929).</summary>
internal static class Socks5
{
    private const byte Version = 5, PasswordVersion = 1, ConnectCommand = 1;
    private const byte NoAuthentication = 0, UserAndPassword = 2, NoAcceptableMethod = 255;
    private const byte IPv4 = 1, DomainName = 3, IPv6 = 4;

    /// <summary>Negotiates authentication and requests a connection to a host.</summary>
    /// <param name="connection">The connection to the proxy.</param>
    /// <param name="host">The host, in the form that <see cref="FtpProxy.NormalizeHost"/> returns.</param>
    /// <param name="port">The port of the host.</param>
    /// <exception cref="FtpProxyException">The proxy did not connect to the host, or sent an invalid reply.</exception>
    public static async Task ConnectAsync(ProxyConnection connection, string host, int port)
    {
        bool hasUser = connection.Proxy.UserName is not null;
        await connection.SendAsync(
            hasUser ? new byte[] { Version, 2, NoAuthentication, UserAndPassword } : [Version, 1, NoAuthentication]).ConfigureAwait(false);
        byte[] selection = new byte[2];
        await connection.ReceiveAsync(selection).ConfigureAwait(false);
        if (selection[0] != Version)
        {
            throw CreateProtocolException(connection, selection);
        }

        switch (selection[1])
        {
            case NoAuthentication:
                break;
            case UserAndPassword when hasUser:
                await AuthenticateAsync(connection).ConfigureAwait(false);
                break;
            case NoAcceptableMethod:
                throw connection.CreatePermanentException(hasUser
                    ? "accepts neither anonymous access nor a user name with password"
                    : "requires a user name, and none was given");
            default:
                throw connection.CreatePermanentException(
                    $"selected an authentication method that the client did not offer ({selection[1]})");
        }

        await connection.SendAsync(CreateRequest(host, port)).ConfigureAwait(false);
        await ReadReplyAsync(connection, host, port).ConfigureAwait(false);
    }

    private static async Task AuthenticateAsync(ProxyConnection connection)
    {
        byte[] user = Encoding.UTF8.GetBytes(connection.Proxy.UserName!), password = Encoding.UTF8.GetBytes(connection.Proxy.Password);
        await connection.SendAsync(
            (byte[])[PasswordVersion, (byte)user.Length, .. user, (byte)password.Length, .. password]).ConfigureAwait(false);
        byte[] reply = new byte[2];
        await connection.ReceiveAsync(reply).ConfigureAwait(false);
        if (reply[0] != PasswordVersion)
        {
            throw CreateProtocolException(connection, reply);
        }

        if (reply[1] != 0)
        {
            throw connection.CreatePermanentException($"rejected the user name or password (status {reply[1]})");
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

    /// <summary>Reads the reply to the request. Ignores the address from which the proxy connects to the host.</summary>
    private static async Task ReadReplyAsync(ProxyConnection connection, string host, int port)
    {
        byte[] header = new byte[4];
        await connection.ReceiveAsync(header.AsMemory(0, 2)).ConfigureAwait(false);
        if (header[0] != Version)
        {
            throw CreateProtocolException(connection, header.AsSpan(0, 2));
        }

        if (header[1] != 0)
        {
            // The remaining bytes of a negative reply are not needed, and some proxies close the connection without sending them.
            throw CreateRejectedException(connection, header[1], host, port);
        }

        await connection.ReceiveAsync(header.AsMemory(2)).ConfigureAwait(false);
        int length = header[2] != 0 ? 0 : header[3] switch
        {
            IPv4 => 4,
            IPv6 => 16,
            DomainName => await ReadByteAsync(connection).ConfigureAwait(false),
            _ => 0,
        };
        if (length == 0)
        {
            throw CreateProtocolException(connection, header);
        }

        await connection.ReceiveAsync(new byte[length + 2]).ConfigureAwait(false);
    }

    private static async Task<int> ReadByteAsync(ProxyConnection connection)
    {
        byte[] one = new byte[1];
        await connection.ReceiveAsync(one).ConfigureAwait(false);
        return one[0];
    }

    private static FtpProxyException CreateRejectedException(ProxyConnection connection, byte code, string host, int port)
    {
        // RFC 1928 §6.
        (string reason, bool isTransient) = code switch
        {
            1 => ("general failure", true),
            2 => ("not allowed by the rules of the proxy", false),
            3 => ("network unreachable", true),
            4 => ("host unreachable", true),
            5 => ("connection refused", true),
            6 => ("TTL expired", true),
            7 => ("command not supported", false),
            8 => ("address type not supported", false),
            _ => ("unknown reply code", false),
        };
        return new FtpProxyException(connection.Proxy, $"cannot connect to {host} port {port}: {reason} ({code})", isTransient);
    }

    private static FtpProxyException CreateProtocolException(ProxyConnection connection, ReadOnlySpan<byte> reply) =>
        connection.CreatePermanentException($"sent an invalid SOCKS5 reply: {Convert.ToHexString(reply)}");
}
