using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary>A disk of its own, of 3 MB, that a download fills.</summary>
public sealed class DiskFullTests : IAsyncLifetime
{
    private const int Length = 5_000_003;

    private readonly TestFolder _disk = new();
    private bool _isMounted;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can mount a small disk.");
        _isMounted = await RunAsync("mount", "-t", "tmpfs", "-o", "size=3m", "none", _disk.Path) == 0;
        Assert.SkipUnless(_isMounted, "This machine lets nobody mount a small disk.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_isMounted)
        {
            Assert.Equal(0, await RunAsync("umount", _disk.Path));
        }

        _disk.Dispose();
    }

    [Fact]
    public async Task What_came_is_kept_and_goes_on_when_there_is_room()
    {
        byte[] content = new byte[Length];
        new Random(1).NextBytes(content);
        await using RunningServer server = await RunningServer.StartAsync();
        await File.WriteAllBytesAsync(server.Folder["big"], content, TestContext.Current.CancellationToken);

        (int code, _, string messages) = await server.RunClientAsync(_disk, "get big");
        Assert.Equal(11, code);
        Assert.Matches(
            @"get big: no space left on the local disk, 1\.\d\d MB more needed; kept 3\.\d\d MB of 5\.00 MB for resuming\n  try: get --resume big\n", messages);
        Assert.False(File.Exists(_disk["big"]));

        Assert.Equal(0, await RunAsync("mount", "-o", "remount,size=9m", _disk.Path));
        (code, _, messages) = await server.RunClientAsync(_disk, "get --resume big");
        Assert.True(code == 0, messages);
        Assert.Matches(@"resuming big at 6\d %", messages);
        Assert.Equal(content, await File.ReadAllBytesAsync(_disk["big"], TestContext.Current.CancellationToken));
        Assert.Equal(["big"], _disk.Names);
    }

    private static async Task<int> RunAsync(string file, params string[] arguments)
    {
        await using RunningProgram program = RunningProgram.StartFile(file, "/", arguments);
        return await program.WaitForExitAsync();
    }
}
