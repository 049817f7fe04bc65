using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// The servers that are known to read each command of a packet. Other servers, and devices in between, may discard all but the first.
/// </summary>
internal static class PipeliningServers
{
    // Each is tested with pipelined commands (tests/Fts.Interop.Tests). If the greeting hides the name, the commands are sent one by one,
    // which is only slower.
    private static readonly string[] Names = ["fts ready", "vsFTPd", "ProFTPD", "Pure-FTPd", "pyftpdlib"];

    /// <summary>Returns whether the greeting is that of one of these servers.</summary>
    public static bool Contains(FtpReply greeting) =>
        Names.Any(name => greeting.Lines.Any(line => line.Contains(name, StringComparison.OrdinalIgnoreCase)));
}
