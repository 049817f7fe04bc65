using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Listings;

/// <summary>Dangling, escaping and circular links are listed as links, without their targets.</summary>
public sealed class DanglingLinkTests
{
    [Theory, OnEveryWire]
    public async Task Dangling_links_are_listed_and_removed_as_links(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        string root = Path.Combine(directory.Path, "root"), secret = Path.Combine(directory.Path, "secret");
        Directory.CreateDirectory(root);
        Directory.CreateDirectory(secret);
        File.WriteAllText(Path.Combine(secret, "key"), "secret");
        foreach ((string name, string target) in (ReadOnlySpan<(string, string)>)[("gone", "missing"), ("out", secret),
            ("up", "../secret/key"), ("loop", "loop"), ("fine", "file"), ("around", ".")])
        {
            File.CreateSymbolicLink(Path.Combine(root, name), target);
        }

        File.WriteAllText(Path.Combine(root, "file"), "text");
        using var store = new LocalFileStore(root);
        await using TestServer server = new(wire, store);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: LIST -lR
            S: 150 *
            L< .:
            L< -rw-r--r-- 1 ftp ftp            4 * file
            L< -rw-r--r-- 1 ftp ftp            4 * fine
            L< drwx* 1 ftp ftp            0 * around
            L< lrwxrwxrwx 1 ftp ftp            0 * gone
            L< lrwxrwxrwx 1 ftp ftp            0 * out
            L< lrwxrwxrwx 1 ftp ftp            0 * up
            L< lrwxrwxrwx 1 ftp ftp            0 * loop
            S: 226 *
            C: EPSV
            S: 229 *
            C: MLSD
            S: 150 *
            L< type=file;size=4;* file
            L< type=file;size=4;* fine
            L< type=dir;* around
            L< type=OS.unix=slink;modify=*;perm=df;* gone
            L< type=OS.unix=slink;modify=*;perm=df;* out
            L< type=OS.unix=slink;modify=*;perm=df;* up
            L< type=OS.unix=slink;modify=*;perm=df;* loop
            S: 226 *
            C: MLST up
            S: 250-*
            S:  type=OS.unix=slink;*perm=df;* /up
            S: 250 *
            C: MLST fine
            S: 250-*
            S:  type=file;size=4;* /fine
            S: 250 *
            C: STAT loop
            S: 213-*
            S:  lrwxrwxrwx * loop
            S: 213 *
            C: EPSV
            S: 229 *
            C: LIST -R out
            S: 150 *
            L< lrwxrwxrwx * out
            S: 226 *
            C: DELE gone
            S: 250 *
            C: DELE out
            S: 250 *
            C: DELE up
            S: 250 *
            C: DELE loop
            S: 250 *
            """);
        Assert.Equal(["around", "file", "fine"], await server.ListNamesAsync("/"));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(secret, "key")));
    }
}
