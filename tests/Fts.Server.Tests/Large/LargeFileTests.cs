using System.Text;
using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Large;

/// <summary>Files whose sizes and offsets need more than 32 bits.</summary>
public sealed class LargeFileTests
{
    private const long FourGiB = 4L * 1024 * 1024 * 1024;

    [Theory, OnEveryWire]
    public async Task Offsets_beyond_four_gigabytes_are_served(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using (FileStream file = File.Create(Path.Combine(directory.Path, "huge")))
        {
            // A sparse file uses no space on the disk.
            file.Position = FourGiB;
            file.Write("last bytes"u8);
        }

        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: SIZE huge
            S: 213 4294967306
            C: EPSV
            S: 229 *
            C: LIST huge
            S: 150 *
            L< * 4294967306 * huge
            S: 226 *
            C: EPSV
            S: 229 *
            C: REST 4294967296
            S: 350 *
            C: RETR huge
            S: 150 *(10 bytes)*
            D< last bytes
            S: 226 *
            C: EPSV
            S: 229 *
            C: REST 4294967307
            S: 350 *
            C: RETR huge
            S: 554 *
            """);

        // Across the 4 GiB boundary, with the copy engine for large transfers.
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: REST 4293967296\nS: 350 *\nC: RETR huge\nS: 150 *(1000010 bytes)*");
        byte[] tail = await data.ReadToEndAsync();
        Assert.Equal("last bytes", Encoding.ASCII.GetString(tail, 1_000_000, tail.Length - 1_000_000));
        Assert.False(tail.AsSpan(0, 1_000_000).ContainsAnyExcept((byte)0));
        await client.PlayAsync("S: 226 *");
    }
}
