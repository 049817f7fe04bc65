using System.Globalization;
using System.Net;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>Tells a server that is known by several names which one is meant (RFC 7151): after the handshake, which has asked for the same name, and before USER.</summary>
internal static class HostCommand
{
    /// <summary>
    /// Says HOST where the server announces it and a name was connected to. A server that refuses, or does not announce anything to strangers, goes on as the
    /// host that it is without: that is all there was before, and its certificate has been judged by the name already.
    /// </summary>
    public static async Task SendIfSupportedAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        if (GetDnsName(connection.Options.Host) is not { } name || connection.ServerProfile.IsHostUnsupported)
        {
            return;
        }

        FtpReply features = await connection.SendAsync("FEAT", null, cancellationToken).ConfigureAwait(false);
        if (!features.IsCompletion || !FeatureList.Parse(features).Supports("HOST"))
        {
            connection.ServerProfile.IsHostUnsupported = true;
            return;
        }

        FtpReply reply = await connection.SendAsync("HOST", name, cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion && connection.ServerProfile.IsHostAccepted)
        {
            // Other connections of this client are on that host: this one would mix another's files with its.
            throw new FtpReplyException(reply, $"HOST {name}");
        }

        (connection.ServerProfile.IsHostAccepted, connection.ServerProfile.IsHostUnsupported) = (reply.IsCompletion, !reply.IsCompletion);
    }

    /// <summary>The name as it stands in DNS; null for an address, which says nothing that the connection does not.</summary>
    private static string? GetDnsName(string host)
    {
        if (IPAddress.TryParse(host, out _))
        {
            return null;
        }

        try
        {
            return new IdnMapping().GetAscii(host.TrimEnd('.'));
        }
        catch (ArgumentException)
        {
            // No name in DNS: only this machine knows whom it means.
            return null;
        }
    }
}
