using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class NcftpTests
{
    [Fact]
    public async Task A_tree_is_uploaded_and_downloaded()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        string tree = TestTree.Create(server.Local.CreateFolder("tree"), IsUnsupportedByNcftp);
        File.Copy(TestTree.LargeFile, Path.Combine(tree, "big.bin"));

        (await NcftpAsync(server, "ncftpput", "-R", server.Host, "/box", "tree")).AssertSuccess();
        (await NcftpAsync(server, "ncftpget", "-R", server.Host, server.Local.CreateFolder("back"), "/box/tree")).AssertSuccess();

        TreeSnapshot.AssertEqual(tree, server.GetServerPath("tree"));
        TreeSnapshot.AssertEqual(tree, server.Local["back/tree"]);
    }

    [Fact]
    public async Task A_listing_contains_every_name()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        TestTree.Create(server.WritableFolder, name => name.StartsWith('.'));
        string[] names = [.. Directory.EnumerateFileSystemEntries(server.WritableFolder).Select(path => Path.GetFileName(path))];

        ProcessResult brief = (await NcftpAsync(server, "ncftpls", "-1", server.GetUrl(""))).AssertSuccess();
        ProcessResult full = (await NcftpAsync(server, "ncftpls", "-l", server.GetUrl(""))).AssertSuccess();

        Assert.All(names, name => Assert.Contains(name, brief.Output, StringComparison.Ordinal));
        Assert.All(names, name => Assert.Contains(name, full.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_are_transferred_in_active_mode()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        server.Local.Write("note.txt", "through PORT");

        (await NcftpAsync(server, "ncftpput", "-E", server.Host, "/box", "note.txt")).AssertSuccess();
        (await NcftpAsync(server, "ncftpget", "-E", server.Host, server.Local.CreateFolder("back"), "/box/note.txt")).AssertSuccess();

        Assert.Equal("through PORT", File.ReadAllText(server.Local["back/note.txt"]));
    }

    /// <summary>Returns whether ncftp skips or misinterprets a name: hidden names and characters of patterns and escapes.</summary>
    private static bool IsUnsupportedByNcftp(string name) =>
        name.StartsWith('.') || name.StartsWith('-') || name.StartsWith('~') || name.AsSpan().ContainsAny("*[?\\\"");

    private static Task<ProcessResult> NcftpAsync(ServerUnderTest server, string program, params IEnumerable<string> arguments)
    {
        string[] connection = ["-u", server.User, "-p", server.Password, "-P", server.Port, "-t", "20"];
        string[] quiet = program is "ncftpls" ? [] : ["-V"];
        return ProcessRunner.RunAsync(Tool.Require(program), server.Local, [.. connection, .. quiet, .. arguments]);
    }
}
