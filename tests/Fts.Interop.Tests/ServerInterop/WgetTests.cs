using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

public sealed class WgetTests
{
    [Theory]
    [InlineData("127.0.0.1", "--passive-ftp")]
    [InlineData("127.0.0.1", "--no-passive-ftp")]
    [InlineData("::1", "--passive-ftp")]
    public async Task A_single_file_is_downloaded_unchanged(string address, string mode)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(address);
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));

        (await WgetAsync(server, mode, "-O", "back.bin", server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    [Fact]
    public async Task A_folder_is_downloaded_recursively()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        // wget treats * and [ in a listed name as a pattern, escapes \, and skips empty folders. These limits are its own.
        TestTree.Create(server.WritableFolder, name => name.AsSpan().ContainsAny("*\\"));
        Directory.Delete(server.GetServerPath("empty folder"), recursive: true);

        string[] recursive = ["-r", "-l", "inf", "-nH", "--cut-dirs=1", "-P", "back", "--restrict-file-names=nocontrol"];
        (await WgetAsync(server, [.. recursive, server.GetUrl("")])).AssertSuccess();

        TreeSnapshot.AssertEqual(server.WritableFolder, server.Local["back"]);
    }

    [Fact]
    public async Task An_interrupted_download_is_resumed()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1");
        File.Copy(TestTree.LargeFile, server.GetServerPath("big.bin"));
        File.WriteAllBytes(server.Local["big.bin"], File.ReadAllBytes(TestTree.LargeFile)[..20_000_001]);

        (await WgetAsync(server, "-c", server.GetUrl("big.bin"))).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["big.bin"]);
    }

    private static Task<ProcessResult> WgetAsync(ServerUnderTest server, params IEnumerable<string> arguments)
    {
        string[] options = ["--no-config", "-nv", "--tries=2", "--timeout=20", $"--user={server.User}", $"--password={server.Password}"];
        return ProcessRunner.RunAsync(Tool.Require("wget"), server.Local, [.. options, .. arguments]);
    }
}
