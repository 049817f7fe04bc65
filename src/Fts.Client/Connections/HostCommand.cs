using System.Globalization;
using System.Net;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Sends HOST (RFC 7151), which selects one of several virtual hosts on a server. It is sent after the TLS handshake and before USER.
/// </summary>
internal static class HostCommand
{
    /// <summary>
    /// Sends HOST if the server lists it in FEAT and the client connected to a DNS name. A negative reply is not an error: the server then
    /// uses its default host, and its certificate was already checked against the name.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejects HOST, but accepted it on another connection of this client.</exception>
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
            // The other connections use that virtual host. On this connection, the same paths could refer to files of another host.
            throw new FtpReplyException(reply, $"HOST {name}");
        }

        (connection.ServerProfile.IsHostAccepted, connection.ServerProfile.IsHostUnsupported) = (reply.IsCompletion, !reply.IsCompletion);
    }

    /// <summary>Returns the ASCII form of a DNS name, or null for an address or an invalid name.</summary>
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
            // Not a valid DNS name: only this machine can resolve it.
            return null;
        }
    }
}
