using System.Net;
using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Uploads;

/// <summary>Two clients that append to one file at the same time.</summary>
public sealed class SimultaneousAppendTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_simultaneous_APPEs_are_both_applied(bool isOnDisk)
    {
        using var directory = new TemporaryDirectory();
        await using TestServer server = new(Wire.IPv4, CreateStore(directory, isOnDisk));
        await server.WriteAsync("/log", "one ");
        await using Conversation first = await server.LogInAsync();
        await using Conversation second = await server.LogInAsync(from: IPAddress.Parse("127.0.0.2"));
        await first.PlayAsync("C: EPSV\nS: 229 *\nC: APPE log\nS: 150 *\nD+ two ");
        await first.WaitUntilReceivedAsync(4);
        await second.PlayAsync("""
            C: EPSV
            S: 229 *
            C: APPE log
            S: 150 *
            D> three 
            S: 226 *
            C: SIZE log
            S: 213 10
            """);
        await first.PlayAsync("D> \nS: 226 *\nC: SIZE log\nS: 213 14");
        Assert.Equal("one three two ", await server.ReadAsync("/log"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task REST_and_STOR_at_the_end_of_a_file_return_450_if_it_has_grown_meanwhile(bool isOnDisk)
    {
        using var directory = new TemporaryDirectory();
        await using TestServer server = new(Wire.IPv4, CreateStore(directory, isOnDisk));
        await server.WriteAsync("/log", "one ");
        await using Conversation first = await server.LogInAsync();
        await using Conversation second = await server.LogInAsync(from: IPAddress.Parse("127.0.0.2"));
        await first.PlayAsync("C: REST 4\nS: 350 *\nC: EPSV\nS: 229 *\nC: STOR log\nS: 150 *\nD+ two ");
        await first.WaitUntilReceivedAsync(4);
        await second.PlayAsync("C: EPSV\nS: 229 *\nC: APPE log\nS: 150 *\nD> three \nS: 226 *");
        await first.PlayAsync("D> \nS: 450 *\nC: SIZE log\nS: 213 10");
        Assert.Equal("one three ", await server.ReadAsync("/log"));
    }

    private static IFileStore CreateStore(TemporaryDirectory directory, bool isOnDisk) =>
        isOnDisk ? new LocalFileStore(directory.Path) : new MemoryFileStore();
}
