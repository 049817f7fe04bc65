using System.Globalization;
using System.Net;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Sends HOST (RFC 7151), which selects one of several virtual hosts on a server. The command is sent after the TLS handshake and before
/// USER.
/// </summary>
internal static class HostCommand
{
    /// <summary>
    /// Sends HOST if FEAT lists it and the client connected to a DNS name. If the server rejects HOST, this connection uses the default
    /// host of the server. With TLS, that is safe, because the certificate was already checked against the name. A rejection is an error
    /// only if the server accepted HOST on another connection of the client.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejects HOST, but accepted it on another connection of this client.</exception>
    public static async Task SendIfSupportedAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        if (GetDnsName(connection.Options.Host) is not { } name || connection.ServerProfile.IsHostCommandUnsupported)
        {
            return;
        }

        FtpReply features = await connection.SendAsync("FEAT", null, cancellationToken).ConfigureAwait(false);
        if (!features.IsCompletion || !FeatureList.Parse(features).Supports("HOST"))
        {
            connection.ServerProfile.IsHostCommandUnsupported = true;
            return;
        }

        FtpReply reply = await connection.SendAsync("HOST", name, cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion && connection.ServerProfile.IsHostCommandAccepted)
        {
            // The other connections use the virtual host. On this connection, the same paths could refer to files of the default host.
            throw new FtpReplyException(reply, $"HOST {name}");
        }

        connection.ServerProfile.IsHostCommandAccepted = reply.IsCompletion;
        connection.ServerProfile.IsHostCommandUnsupported = !reply.IsCompletion;
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
            // This machine can resolve the name, but the name is not valid in DNS, so the server cannot recognise it.
            return null;
        }
    }
}
