using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Large;

/// <summary>Every copy engine transfers files of every size unchanged.</summary>
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
    public Task A_memory_store_transfers_files_of_every_size_in_both_directions(Wire wire) =>
        TransferEverySizeAsync(wire, new MemoryFileStore());

    [Theory, OnEveryWire]
    public async Task A_local_store_transfers_files_of_every_size_in_both_directions(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await TransferEverySizeAsync(wire, store);
    }

    [Theory, OnEveryWire]
    public async Task A_local_store_transfers_files_of_every_size_in_block_mode(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await TransferEverySizeAsync(wire, store, inBlocks: true);
    }

    /// <summary>Ensures that the tests of each wire use the intended copy engine.</summary>
    [Theory, OnEveryWire]
    public async Task Each_wire_uses_the_expected_copy_engine(Wire wire)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The kernel copies on Linux only.");
        bool always = wire == Wire.Kernel, ifLarge = wire is Wire.Kernel or Wire.IPv4;
        Assert.Equal((false, always), await KernelCopiesAsync(wire, 1));
        Assert.Equal((ifLarge, ifLarge), await KernelCopiesAsync(wire, 1024 * 1024));
        Assert.Equal((false, false), await KernelCopiesAsync(wire, 1024 * 1024, inBlocks: true));
    }

    /// <summary>Returns whether the kernel copies bytes of an upload and of a download of a size.</summary>
    private static async Task<(bool Up, bool Down)> KernelCopiesAsync(Wire wire, int size, bool inBlocks = false)
    {
        using var directory = new TemporaryDirectory();
        using var disk = new LocalFileStore(directory.Path);
        var store = new HookedStore(disk);
        await using TestServer server = new(wire, store);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"C: MODE {(inBlocks ? 'B' : 'S')}\nS: 200 *");
        await UploadAsync(client, "STOR a", Content(size), inBlocks);
        Assert.Equal(Content(size), await DownloadAsync(client, "RETR a", size, inBlocks));
        return (store.BytesWritten < size, store.BytesRead < size);
    }

    private static async Task TransferEverySizeAsync(Wire wire, IFileStore store, bool inBlocks = false)
    {
        await using TestServer server = new(wire, store);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"C: MODE {(inBlocks ? 'B' : 'S')}\nS: 200 *");
        foreach (int size in Sizes)
        {
            byte[] content = Content(size);
            int from = size / 3;
            byte[] overwritten = [.. content[..from], .. content[..(size - from)]];
            await UploadAsync(client, "STOR a", content, inBlocks);
            Assert.Equal(content, await server.ReadBytesAsync("/a"));
            Assert.Equal(content, await DownloadAsync(client, "RETR a", size, inBlocks));

            await client.PlayAsync($"C: REST {from}\nS: 350 *");
            Assert.Equal(content[from..], await DownloadAsync(client, "RETR a", size - from, inBlocks));

            await client.PlayAsync($"C: REST {from}\nS: 350 *");
            await UploadAsync(client, "STOR a", content.AsMemory(0, size - from), inBlocks);
            Assert.Equal(overwritten, await server.ReadBytesAsync("/a"));

            await UploadAsync(client, "APPE a", content, inBlocks);
            Assert.Equal((byte[])[.. overwritten, .. content], await server.ReadBytesAsync("/a"));

            await client.PlayAsync($"C: REST {2 * size}\nS: 350 *");
            await UploadAsync(client, "STOR a", content, inBlocks);
            Assert.Equal((byte[])[.. overwritten, .. content, .. content], await server.ReadBytesAsync("/a"));
        }
    }

    private static async Task UploadAsync(Conversation client, string command, ReadOnlyMemory<byte> content, bool inBlocks = false)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync($"C: {command}\nS: 150 *");
        await data.SendAsync(inBlocks ? Blocks.Encode(content.ToArray()) : content);
        await client.PlayAsync(inBlocks ? $"S: 250 *{content.Length} bytes*" : $"D>\nS: 226 *{content.Length} bytes*");
    }

    private static async Task<byte[]> DownloadAsync(Conversation client, string command, int size, bool inBlocks = false)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync($"C: {command}\nS: 150 *({size} bytes)*");
        byte[] content = await (inBlocks ? data.ReadFileAsync() : data.ReadToEndAsync());
        await client.PlayAsync(inBlocks ? "S: 250 *" : "S: 226 *");
        return content;
    }

    [Theory, OnEveryWire]
    public async Task Simultaneous_uploads_do_not_mix(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            byte[] content = Content(1024 * 1024 + i);
            await using Conversation client = await server.LogInAsync();
            for (int round = 0; round < 3; round++)
            {
                await UploadAsync(client, $"STOR {i}", content);
                Assert.Equal(content, await DownloadAsync(client, $"RETR {i}", content.Length));
            }
        }));
    }
}
