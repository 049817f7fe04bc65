using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Agrees with the server on where the next data connection is made (EPSV, PASV, EPRT, PORT).</summary>
internal sealed class DataOpener(FtpConnection connection, ControlChannel control, FtpClientOptions options, ServerMemory memory)
{
    /// <summary>Whether data travels compressed now (MODE Z).</summary>
    public bool IsDeflating { get; private set; }

    /// <summary>A data connection in the making, which the caller disposes; compressed if that is wanted and the server takes it.</summary>
    public async Task<DataLink> PrepareAsync(bool deflate, CancellationToken cancellationToken)
    {
        await EnterModeAsync(deflate && !memory.RefusesDeflate, cancellationToken).ConfigureAwait(false);
        return options.DataMode == FtpDataMode.Passive
            ? DataLink.Connect(new IPEndPoint(control.Peer.Address, await PassivePortAsync(cancellationToken).ConfigureAwait(false)), options.Timeouts.Connect)
            : await ListenAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The mode holds until another is said. A server that refuses to compress is sent the data as it is.</summary>
    private async Task EnterModeAsync(bool deflate, CancellationToken cancellationToken)
    {
        if (deflate == IsDeflating)
        {
            return;
        }

        Reply reply = await connection.SendAsync("MODE", deflate ? "Z" : "S", cancellationToken).ConfigureAwait(false);
        if (reply.IsCompletion)
        {
            IsDeflating = deflate;
        }
        else if (deflate)
        {
            memory.RefusesDeflate = true;
        }
        else
        {
            throw new FtpReplyException(reply, "MODE S");
        }
    }

    private async Task<int> PassivePortAsync(CancellationToken cancellationToken)
    {
        bool canUsePassive = control.Peer.AddressFamily == AddressFamily.InterNetwork;
        if (!memory.RefusesExtendedPassive || !canUsePassive)
        {
            Reply extended = await connection.SendAsync("EPSV", null, cancellationToken).ConfigureAwait(false);
            if (extended.Code == ReplyCode.ExtendedPassiveMode)
            {
                return HostPort.TryParseExtendedPassiveReply(extended.Text, out int port) ? port : throw Nonsense(extended);
            }

            if (!extended.IsPermanentFailure || !canUsePassive)
            {
                throw extended.IsCompletion ? Nonsense(extended) : new FtpReplyException(extended, "EPSV");
            }

            memory.RefusesExtendedPassive = true;
        }

        Reply reply = await connection.SendAsync("PASV", null, cancellationToken).ConfigureAwait(false);
        if (reply.Code != ReplyCode.PassiveMode)
        {
            throw reply.IsCompletion ? Nonsense(reply) : new FtpReplyException(reply, "PASV");
        }

        // Only the port counts. The address is the server's private one behind a translator, or a third host's on a hostile server.
        return HostPort.TryParsePassiveReply(reply.Text, out IPEndPoint endPoint) && endPoint.Port > 0 ? endPoint.Port : throw Nonsense(reply);
    }

    private async Task<DataLink> ListenAsync(CancellationToken cancellationToken)
    {
        var link = DataLink.Listen(control.Local.Address, control.Peer.Address);
        try
        {
            // PORT is what every server knows for IPv4; EPRT is the only word for IPv6.
            (string verb, string argument) = link.LocalEndPoint.AddressFamily == AddressFamily.InterNetwork
                ? ("PORT", HostPort.Format(link.LocalEndPoint))
                : ("EPRT", HostPort.FormatExtended(new IPEndPoint(WithoutScope(link.LocalEndPoint.Address), link.LocalEndPoint.Port)));
            Reply reply = await connection.SendAsync(verb, argument, cancellationToken).ConfigureAwait(false);
            return reply.IsCompletion ? link : throw new FtpReplyException(reply, $"{verb} {argument}");
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>A scope names an interface of this machine and means nothing to the other side.</summary>
    private static IPAddress WithoutScope(IPAddress address) => new(address.GetAddressBytes());

    private static FtpProtocolException Nonsense(Reply reply) => new($"the server's passive reply names no port: {reply.Shown()}");
}
