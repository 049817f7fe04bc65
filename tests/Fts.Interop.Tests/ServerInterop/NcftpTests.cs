using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class NcftpTests
{
    [Fact]
    public async Task A_tree_goes_up_and_comes_back()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string tree = TestTree.Make(server.Local.Folder("tree"), IsBeyondNcftp);
        File.Copy(TestTree.Big, Path.Combine(tree, "big.bin"));

        (await NcftpAsync(server, "ncftpput", "-R", server.Host, "/box", "tree")).Successfully();
        (await NcftpAsync(server, "ncftpget", "-R", server.Host, server.Local.Folder("back"), "/box/tree")).Successfully();

        Snapshot.AssertEqual(tree, server.OnServer("tree"));
        Snapshot.AssertEqual(tree, server.Local["back/tree"]);
    }

    [Fact]
    public async Task A_listing_shows_each_name()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Make(server.BoxFolder, name => name.StartsWith('.'));
        string[] names = [.. Directory.EnumerateFileSystemEntries(server.BoxFolder).Select(path => Path.GetFileName(path))];

        Ended brief = (await NcftpAsync(server, "ncftpls", "-1", server.Url(""))).Successfully();
        Ended full = (await NcftpAsync(server, "ncftpls", "-l", server.Url(""))).Successfully();

        Assert.All(names, name => Assert.Contains(name, brief.Output, StringComparison.Ordinal));
        Assert.All(names, name => Assert.Contains(name, full.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_move_in_active_mode()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        server.Local.Write("note.txt", "through PORT");

        (await NcftpAsync(server, "ncftpput", "-E", server.Host, "/box", "note.txt")).Successfully();
        (await NcftpAsync(server, "ncftpget", "-E", server.Host, server.Local.Folder("back"), "/box/note.txt")).Successfully();

        Assert.Equal("through PORT", File.ReadAllText(server.Local["back/note.txt"]));
    }

    /// <summary>ncftp takes these characters of a name for a pattern or an escape, whatever the server says, and passes over hidden names.</summary>
    private static bool IsBeyondNcftp(string name) => name.StartsWith('.') || name.StartsWith('-') || name.StartsWith('~') || name.AsSpan().ContainsAny("*[?\\\"");

    private static Task<Ended> NcftpAsync(ServerUnderTest server, string program, params IEnumerable<string> arguments) =>
        Job.RunAsync(Tool.Require(program), server.Local, ["-u", server.User, "-p", server.Password, "-P", server.Port, "-t", "20", .. program is "ncftpls" ? [] : new[] { "-V" }, .. arguments]);
}
