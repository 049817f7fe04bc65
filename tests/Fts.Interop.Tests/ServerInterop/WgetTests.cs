using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class WgetTests
{
    [Theory]
    [InlineData("127.0.0.1", "--passive-ftp")]
    [InlineData("127.0.0.1", "--no-passive-ftp")]
    [InlineData("::1", "--passive-ftp")]
    public async Task A_single_file_arrives_unchanged(string address, string mode)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));

        (await WgetAsync(server, mode, "-O", "back.bin", server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    [Fact]
    public async Task A_folder_is_fetched_with_all_below_it()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        // wget reads * and [ in a listed name as a pattern, escapes \, and takes no empty folders: its own limits, not the server's.
        TestTree.Create(server.WritableFolder, name => name.AsSpan().ContainsAny("*\\"));
        Directory.Delete(server.GetServerPath("empty folder"), recursive: true);

        (await WgetAsync(server, "-r", "-l", "inf", "-nH", "--cut-dirs=1", "-P", "back", "--restrict-file-names=nocontrol", server.GetUrl(""))).AssertSuccess();

        TreeSnapshot.AssertEqual(server.WritableFolder, server.Local["back"]);
    }

    [Fact]
    public async Task A_broken_download_is_continued()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));
        File.WriteAllBytes(server.Local["big.bin"], File.ReadAllBytes(TestTree.LargeFile)[..20_000_001]);

        (await WgetAsync(server, "-c", server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["big.bin"]);
    }

    private static Task<ProcessResult> WgetAsync(ServerUnderTest server, params IEnumerable<string> arguments) =>
        ProcessRunner.RunAsync(Tool.Require("wget"), server.Local, ["--no-config", "-nv", "--tries=2", "--timeout=20", $"--user={server.User}", $"--password={server.Password}", .. arguments]);
}
