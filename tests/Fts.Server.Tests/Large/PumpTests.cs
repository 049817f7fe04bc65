using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Large;

/// <summary>Every copy engine transfers every byte, for every store and size.</summary>
public sealed class PumpTests
{
    private static readonly int[] Sizes =
        [0, 1, 65_535, 65_536, 65_537, 131_073, 262_143, 262_144, 262_145, 524_289, 1024 * 1024 + 3, 5 * 1024 * 1024];

    private static byte[] CreateContent(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    [Theory, OnEveryWire]
    public Task A_memory_store_transfers_every_size_in_both_directions(Wire wire) => TransferAsync(wire, new MemoryFileStore());

    [Theory, OnEveryWire]
    public async Task A_local_store_transfers_every_size_in_both_directions(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        await TransferAsync(wire, store);
    }

    [Theory, OnEveryWire]
    public async Task A_local_store_transfers_every_size_in_both_directions_in_blocks(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        await TransferAsync(wire, store, inBlocks: true);
    }

    /// <summary>Verifies the engine of each wire. Otherwise the other tests could run on the wrong engine.</summary>
    [Theory, OnEveryWire]
    public async Task Each_wire_uses_its_copy_engine(Wire wire)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The kernel copy engine exists only on Linux.");
        bool always = wire == Wire.Kernel, ifLarge = wire is Wire.Kernel or Wire.IPv4;
        Assert.Equal((false, always), await KernelCopiesAsync(wire, 1));
        Assert.Equal((ifLarge, ifLarge), await KernelCopiesAsync(wire, 1024 * 1024));
        Assert.Equal((false, false), await KernelCopiesAsync(wire, 1024 * 1024, inBlocks: true));
    }

    /// <summary>Returns whether the kernel copies some bytes of an upload and of a download of <paramref name="size"/> bytes.</summary>
    private static async Task<(bool Upload, bool Download)> KernelCopiesAsync(Wire wire, int size, bool inBlocks = false)
    {
        using var folder = new TemporaryDirectory();
        using var disk = new LocalFileStore(folder.Path);
        var store = new HookedStore(disk);
        await using TestServer server = new(wire, store);
        await using TestClient client = await server.LogInAsync();
        await client.PlayAsync($"C: MODE {(inBlocks ? 'B' : 'S')}\nS: 200 *");
        await UploadAsync(client, "STOR a", CreateContent(size), inBlocks);
        Assert.Equal(CreateContent(size), await DownloadAsync(client, "RETR a", size, inBlocks));
        return (store.BytesWritten < size, store.BytesRead < size);
    }

    private static async Task TransferAsync(Wire wire, IFileStore store, bool inBlocks = false)
    {
        await using TestServer server = new(wire, store);
        await using TestClient client = await server.LogInAsync();
        await client.PlayAsync($"C: MODE {(inBlocks ? 'B' : 'S')}\nS: 200 *");
        foreach (int size in Sizes)
        {
            byte[] content = CreateContent(size);
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
        }
    }

    private static async Task UploadAsync(TestClient client, string command, ReadOnlyMemory<byte> content, bool inBlocks = false)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync($"C: {command}\nS: 150 *");
        await data.SendAsync(inBlocks ? Blocks.Encode(content.ToArray()) : content);
        await client.PlayAsync(inBlocks ? $"S: 250 *{content.Length} bytes*" : $"D>\nS: 226 *{content.Length} bytes*");
    }

    private static async Task<byte[]> DownloadAsync(TestClient client, string command, int size, bool inBlocks = false)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync($"C: {command}\nS: 150 *({size} bytes)*");
        byte[] content = await (inBlocks ? data.ReadFileAsync() : data.ReadToEndAsync());
        await client.PlayAsync(inBlocks ? "S: 250 *" : "S: 226 *");
        return content;
    }

    [Theory, OnEveryWire]
    public async Task Simultaneous_transfers_do_not_mix_their_bytes(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        await using TestServer server = new(wire, store);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            byte[] content = CreateContent(1024 * 1024 + i);
            await using TestClient client = await server.LogInAsync();
            for (int round = 0; round < 3; round++)
            {
                await UploadAsync(client, $"STOR {i}", content);
                Assert.Equal(content, await DownloadAsync(client, $"RETR {i}", content.Length));
            }
        }));
    }
}
