using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Large;

/// <summary>The engines that move bytes: whichever is chosen for a store and a size, the bytes are the same.</summary>
public sealed class EngineTests
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
        using var folder = new TemporaryFolder();
        using var store = new LocalFileStore(folder.Path);
        await MoveAsync(wire, store);
    }

    private static async Task MoveAsync(Wire wire, IFileStore store)
    {
        await using TestServer server = new(wire, store);
        await using Conversation talk = await server.SignInAsync();
        foreach (int size in Sizes)
        {
            byte[] content = Content(size);
            DataPeer data = await talk.OpenDataAsync();
            await talk.PlayAsync("C: STOR a\nS: 150 *");
            await data.SendAsync(content);
            await talk.PlayAsync($"D>\nS: 226 *{size} bytes*");
            Assert.Equal(content, await server.ReadBytesAsync("/a"));

            data = await talk.OpenDataAsync();
            await talk.PlayAsync($"C: RETR a\nS: 150 *({size} bytes)*");
            Assert.Equal(content, await data.ReadToEndAsync());
            await talk.PlayAsync("S: 226 *");

            int from = size / 3;
            byte[] overwritten = [.. content[..from], .. content[..(size - from)]], appended = [.. overwritten, .. content];
            data = await talk.OpenDataAsync();
            await talk.PlayAsync($"C: REST {from}\nS: 350 *\nC: RETR a\nS: 150 *({size - from} bytes)*");
            Assert.Equal(content[from..], await data.ReadToEndAsync());
            await talk.PlayAsync("S: 226 *");

            data = await talk.OpenDataAsync();
            await talk.PlayAsync($"C: REST {from}\nS: 350 *\nC: STOR a\nS: 150 *");
            await data.SendAsync(content.AsMemory(0, size - from));
            await talk.PlayAsync("D>\nS: 226 *");
            Assert.Equal(overwritten, await server.ReadBytesAsync("/a"));

            data = await talk.OpenDataAsync();
            await talk.PlayAsync("C: APPE a\nS: 150 *");
            await data.SendAsync(content);
            await talk.PlayAsync("D>\nS: 226 *");
            Assert.Equal(appended, await server.ReadBytesAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task Uploads_at_once_do_not_mix(Wire wire)
    {
        using var folder = new TemporaryFolder();
        using var store = new LocalFileStore(folder.Path);
        await using TestServer server = new(wire, store);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            byte[] content = Content(1024 * 1024 + i);
            await using Conversation talk = await server.SignInAsync();
            for (int round = 0; round < 3; round++)
            {
                DataPeer data = await talk.OpenDataAsync();
                await talk.PlayAsync($"C: STOR {i}\nS: 150 *");
                await data.SendAsync(content);
                await talk.PlayAsync("D>\nS: 226 *");
                data = await talk.OpenDataAsync();
                await talk.PlayAsync($"C: RETR {i}\nS: 150 *");
                Assert.Equal(content, await data.ReadToEndAsync());
                await talk.PlayAsync("S: 226 *");
            }
        }));
    }
}
