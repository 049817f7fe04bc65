using Fts.Protocol;
using Fts.Server.Hosts;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>Which of several hosts is meant (RFC 7151).</summary>
internal static class HostCommands
{
    /// <summary>
    /// HOST, before USER. What TLS has settled stays so: the name must be the one the handshake asked for (§3.2.2), and where it asked for none, another
    /// host only if it shows the same certificate. Before the handshake it chooses the certificate (§4).
    /// </summary>
    public static ValueTask<FtpReply> HostAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Files is not null || session.UserName is not null)
        {
            return new(Replies.HostMustComeFirst);
        }

        if (HostName.Parse(argument) is not { } named)
        {
            return new(Replies.InvalidHostName);
        }

        if (session.Server.Hosts.Find(named, session) is not { } host || session.Tls?.ServerName is { } asked && !HostName.AreSame(asked, named.Name ?? ""))
        {
            return new(Replies.UnknownHost);
        }

        if (session.Tls is { Host: not null } tls && !tls.HasPresentedCertificateOf(host, named.Name, session.Server.Options.Logger))
        {
            return new(Replies.HostMustComeFirst);
        }

        (session.Host, session.HostName) = (host, named.Name);
        return new(host.Greeting);
    }
}
