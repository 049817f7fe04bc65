using Fts.Cli;
using Fts.Client;

namespace Fts.Doctor.Checks;

/// <summary>Opens several connections at the same time and finds the limit of the server.</summary>
internal sealed class ConnectionLimitCheck(DoctorSession session)
{
    /// <summary>Opens connections one after the other until the wanted number is open or the server refuses one.</summary>
    public async Task<CheckResult> CheckAsync(CancellationToken cancellationToken)
    {
        int wanted = session.Settings.Connections;
        var connections = new List<FtpConnection>();
        try
        {
            while (connections.Count < wanted)
            {
                connections.Add(await session.OpenAsync(FtpDataMode.Passive, trace: null, cancellationToken));
            }

            return CheckResult.Ok("connections", $"{wanted} connections can be open at the same time (--connections N tries more)");
        }
        catch (FtpException e) when (connections.Count > 0)
        {
            UserError error = ExceptionTranslator.Translate(e, "connections", session.Settings.Target);
            return CheckResult.Note(
                "connections",
                $"the server accepts {connections.Count} of {wanted} connections; fts then uses no more "
                + $"({error.ServerReply ?? error.Message})",
                "raise the limit of connections for each client on the server");
        }
        finally
        {
            await Task.WhenAll(connections.Select(connection => connection.DisposeAsync().AsTask()));
        }
    }
}
