using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Large;

/// <summary>The engines that move bytes: whichever is chosen for a store and a size, the bytes are the same.</summary>
public sealed class PumpTests
{
    private static readonly int[] Sizes =
        [0, 1, 65_535, 65_536, 65_537, 131_073, 262_143, 262_144, 262_145, 524_289, 1024 * 1024 + 3, 5 * 1024 * 1024];

    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    [Theory, OnEveryWire]
    public Task A_store_in_memory_moves_every_size_both_ways(Wire wire) => MoveAsync(wire, new MemoryFileStore());

    [Theory, OnEveryWire]
    public async Task A_store_on_disk_moves_every_size_both_ways(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        await MoveAsync(wire, store);
    }

    [Theory, OnEveryWire]
    public async Task A_store_on_disk_moves_every_size_both_ways_in_blocks(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        await MoveAsync(wire, store, inBlocks: true);
    }

    /// <summary>Else the tests of an engine would prove something of another.</summary>
    [Theory, OnEveryWire]
    public async Task Each_wire_has_its_engine(Wire wire)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has the kernel's engine.");
        bool always = wire == Wire.Kernel, ifLarge = wire is Wire.Kernel or Wire.IPv4;
        Assert.Equal((false, always), await KernelCopiesAsync(wire, 1));
        Assert.Equal((ifLarge, ifLarge), await KernelCopiesAsync(wire, 1024 * 1024));
        Assert.Equal((false, false), await KernelCopiesAsync(wire, 1024 * 1024, inBlocks: true));
    }

    /// <summary>Whether of an upload and a download of so many bytes the kernel copies some.</summary>
    private static async Task<(bool Up, bool Down)> KernelCopiesAsync(Wire wire, int size, bool inBlocks = false)
    {
        using var folder = new TemporaryDirectory();
        using var disk = new LocalFileStore(folder.Path);
        var store = new HookedStore(disk);
        await using TestServer server = new(wire, store);
        await using Conversation talk = await server.LogInAsync();
        await talk.PlayAsync($"C: MODE {(inBlocks ? 'B' : 'S')}\nS: 200 *");
        await UploadAsync(talk, "STOR a", Content(size), inBlocks);
        Assert.Equal(Content(size), await DownloadAsync(talk, "RETR a", size, inBlocks));
        return (store.BytesWritten < size, store.BytesRead < size);
    }

    private static async Task MoveAsync(Wire wire, IFileStore store, bool inBlocks = false)
    {
        await using TestServer server = new(wire, store);
        await using Conversation talk = await server.LogInAsync();
        await talk.PlayAsync($"C: MODE {(inBlocks ? 'B' : 'S')}\nS: 200 *");
        foreach (int size in Sizes)
        {
            byte[] content = Content(size);
            int from = size / 3;
            byte[] overwritten = [.. content[..from], .. content[..(size - from)]];
            await UploadAsync(talk, "STOR a", content, inBlocks);
            Assert.Equal(content, await server.ReadBytesAsync("/a"));
            Assert.Equal(content, await DownloadAsync(talk, "RETR a", size, inBlocks));

            await talk.PlayAsync($"C: REST {from}\nS: 350 *");
            Assert.Equal(content[from..], await DownloadAsync(talk, "RETR a", size - from, inBlocks));

            await talk.PlayAsync($"C: REST {from}\nS: 350 *");
            await UploadAsync(talk, "STOR a", content.AsMemory(0, size - from), inBlocks);
            Assert.Equal(overwritten, await server.ReadBytesAsync("/a"));

            await UploadAsync(talk, "APPE a", content, inBlocks);
            Assert.Equal((byte[])[.. overwritten, .. content], await server.ReadBytesAsync("/a"));
        }
    }

    private static async Task UploadAsync(Conversation talk, string command, ReadOnlyMemory<byte> content, bool inBlocks = false)
    {
        DataPeer data = await talk.OpenDataAsync();
        await talk.PlayAsync($"C: {command}\nS: 150 *");
        await data.SendAsync(inBlocks ? Blocks.Encode(content.ToArray()) : content);
        await talk.PlayAsync(inBlocks ? $"S: 250 *{content.Length} bytes*" : $"D>\nS: 226 *{content.Length} bytes*");
    }

    private static async Task<byte[]> DownloadAsync(Conversation talk, string command, int size, bool inBlocks = false)
    {
        DataPeer data = await talk.OpenDataAsync();
        await talk.PlayAsync($"C: {command}\nS: 150 *({size} bytes)*");
        byte[] content = await (inBlocks ? data.ReadFileAsync() : data.ReadToEndAsync());
        await talk.PlayAsync(inBlocks ? "S: 250 *" : "S: 226 *");
        return content;
    }

    [Theory, OnEveryWire]
    public async Task Uploads_at_once_do_not_mix(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        await using TestServer server = new(wire, store);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            byte[] content = Content(1024 * 1024 + i);
            await using Conversation talk = await server.LogInAsync();
            for (int round = 0; round < 3; round++)
            {
                await UploadAsync(talk, $"STOR {i}", content);
                Assert.Equal(content, await DownloadAsync(talk, $"RETR {i}", content.Length));
            }
        }));
    }
}
