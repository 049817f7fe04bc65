using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Lists the servers that are known to execute all commands of a packet. Other servers, and firewalls on the path, may discard all commands
/// except the first.
/// </summary>
internal static class PipeliningServers
{
    // Each server is tested with pipelined commands (tests/Fts.Interop.Tests). If a greeting contains none of the names, the commands
    // are sent one by one, which only takes more time.
    private static readonly string[] Names = ["fts ready", "vsFTPd", "ProFTPD", "Pure-FTPd", "pyftpdlib"];

    /// <summary>Returns whether the greeting contains the name of one of these servers.</summary>
    public static bool Contains(FtpReply greeting) =>
        Names.Any(name => greeting.Lines.Any(line => line.Contains(name, StringComparison.OrdinalIgnoreCase)));
}
