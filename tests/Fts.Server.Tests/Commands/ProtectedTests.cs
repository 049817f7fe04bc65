using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Commands;

/// <summary>A protected file does not exist for clients: no command reaches it.</summary>
public sealed class ProtectedTests
{
    [Theory, OnEveryWire]
    public async Task No_command_reaches_a_protected_file(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        string state = Path.Combine(directory.Path, "state", "fts"), key = Path.Combine(state, "server.pem");
        Directory.CreateDirectory(state);
        File.WriteAllText(key, "the key");
        File.WriteAllText(Path.Combine(directory.Path, "plain"), "plain");
        File.CreateSymbolicLink(Path.Combine(directory.Path, "link"), "state/fts/server.pem");
        using var store = new LocalFileStore(directory.Path, new LocalStoreOptions { ProtectedPaths = [state] });
        await using TestServer server = new(wire, store);
        foreach (string name in (string[])["state/fts/server.pem", "link", "state//fts/./server.pem", "/x/../state/fts/server.pem"])
        {
            await server.PlayAsync($"""
                C: EPSV
                S: 229 *
                C: RETR {name}
                S: 550 *
                C: STOR {name}
                S: 550 *
                C: APPE {name}
                S: 550 *
                C: REST 1
                S: 350 *
                C: STOR {name}
                S: 550 *
                C: SIZE {name}
                S: 550 *
                C: HASH {name}
                S: 550 *
                C: MFMT 20240229123456 {name}
                S: 550 *
                C: MFF UNIX.mode=0777; {name}
                S: 550 *
                C: SITE CHMOD 777 {name}
                S: 550 *
                C: COMB new "{name}"
                S: 550 *
                C: COMB "{name}" plain
                S: 550 *
                C: SITE COPY "{name}" new
                S: 550 *
                C: SITE COPY plain "{name}"
                S: 550 *
                C: SITE CPFR {name}
                S: 550 *
                C: SITE SYMLINK "{name}" new
                S: 550 *
                C: DSIZ state
                S: 213 0
                """);
        }

        await server.PlayAsync("""
            C: MLST state/fts/server.pem
            S: 550 *
            C: MDTM state/fts/server.pem
            S: 550 *
            C: DELE state/fts/server.pem
            S: 550 *
            C: RNFR state/fts/server.pem
            S: 550 *
            C: RNFR plain
            S: 350 *
            C: RNTO state/fts/server.pem
            S: 550 *
            C: RNFR state
            S: 350 *
            C: RNTO moved
            S: 550 *
            C: RMD state/fts
            S: 550 *
            C: RMDA state/fts
            S: 550 *
            C: RMDA state
            S: 550 *
            C: CWD state/fts
            S: 550 *
            C: MKD state/fts
            S: 550 *
            C: MKD state/fts/new
            S: 550 *
            C: SITE CHMOD 000 state
            S: 550 *
            C: EPSV
            S: 229 *
            C: MLSD state/fts
            S: 550 *
            C: NLST state
            S: 150 *
            L< (none)
            S: 226 *
            """);
        Assert.Equal(("the key", "plain"), (File.ReadAllText(key), File.ReadAllText(Path.Combine(directory.Path, "plain"))));
        Assert.Equal(
            ["link", "plain", "state"], Directory.GetFileSystemEntries(directory.Path).Select(path => Path.GetFileName(path)).Order());
    }
}
