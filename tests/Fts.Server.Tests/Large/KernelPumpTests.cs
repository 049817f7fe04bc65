using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Large;

/// <summary>Transfers large enough, from and to a disk, for the kernel's own copy calls, which block a thread and must let go of it all the
/// same; and the same by read and send.</summary>
public sealed class KernelPumpTests
{
    private const long Large = 64L * 1024 * 1024;

    private const string Lives = """
        C: EPSV
        S: 229 *
        C: RETR small
        S: 150 *
        D< ok
        S: 226 *
        """;

    private static async Task WithDiskAsync(
        Wire wire, Func<TestServer, Conversation, Task> test, Func<FtpServerOptions, FtpServerOptions>? with = null)
    {
        using var folder = new TemporaryDirectory();
        SetLength(folder, Large);
        using var store = new LocalFileStore(folder.Path);
        await using TestServer server = new(wire, store, with);
        await server.WriteAsync("/small", "ok");
        await using Conversation talk = await server.LogInAsync();
        await test(server, talk);
        await talk.PlayAsync(Lives);
        Assert.Equal(["large", "small"], await server.ListNamesAsync("/"));
        // What was cut off is there to be continued, and goes with its time.
        await store.SweepPartialUploadsAsync(DateTime.MaxValue, CancellationToken.None);
        Assert.Equal(
            ["large", "small"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static void SetLength(TemporaryDirectory folder, long length)
    {
        using FileStream file = File.OpenWrite(Path.Combine(folder.Path, "large"));
        file.SetLength(length);
    }

    /// <summary>Sends more than an engine takes on before it leaves the work to the kernel, and waits until all of it has come.</summary>
    private static async Task UploadAsync(Conversation talk)
    {
        DataPeer data = await talk.OpenDataAsync();
        await talk.PlayAsync("C: STOR new\nS: 150 *");
        await data.SendAsync(new byte[2_000_000]);
        await talk.WaitUntilReceivedAsync(2_000_000);
    }

    private static async Task DownloadAsync(Conversation talk)
    {
        DataPeer data = await talk.OpenDataAsync();
        await talk.PlayAsync("C: RETR large\nS: 150 *");
        Assert.True(await data.ReadSomeAsync(new byte[1000]) > 0);
    }

    [Theory, OnEveryWire]
    public Task Abor_ends_an_upload(Wire wire) => WithDiskAsync(wire, async (_, talk) =>
    {
        await UploadAsync(talk);
        await talk.PlayAsync("C: ABOR\nS: 426 *\nS: 226 *");
    });

    [Theory, OnEveryWire]
    public Task Abor_ends_a_download(Wire wire) => WithDiskAsync(wire, async (_, talk) =>
    {
        await DownloadAsync(talk);
        await talk.PlayAsync("C: ABOR\nS: 426 *\nS: 226 *");
    });

    [Theory, OnEveryWire]
    public Task A_stall_ends_both(Wire wire) => WithDiskAsync(
        wire,
        async (server, uploading) =>
        {
            await using Conversation downloading = await server.LogInAsync();
            await UploadAsync(uploading);
            await DownloadAsync(downloading);
            await uploading.PlayAsync("S: 426 *");
            await downloading.PlayAsync("S: 426 *");
        },
        options => options with { StallTimeout = TimeSpan.FromSeconds(2) });

    [Theory, OnEveryWire]
    public Task A_reset_ends_an_upload(Wire wire) => WithDiskAsync(wire, async (_, talk) =>
    {
        await UploadAsync(talk);
        await talk.PlayAsync("D: reset\nS: 426 *");
    });

    [Theory, OnEveryWire]
    public Task A_client_that_closes_ends_a_download(Wire wire) => WithDiskAsync(wire, async (_, talk) =>
    {
        await DownloadAsync(talk);
        await talk.PlayAsync("D: close\nS: 426 *");
    });

    [Theory, OnEveryWire]
    public async Task A_file_cut_short_while_it_is_sent_is_told(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        SetLength(folder, Large);
        await using TestServer server = new(wire, store);
        await using Conversation talk = await server.LogInAsync();
        await DownloadAsync(talk);
        SetLength(folder, 1000);
        await talk.Data!.ReadToAnyEndAsync();
        await talk.PlayAsync("S: 451 *");
    }

    [Theory, OnEveryWire]
    public Task A_lost_control_connection_ends_both(Wire wire) => WithDiskAsync(wire, async (server, _) =>
    {
        Conversation uploading = await server.LogInAsync(), downloading = await server.LogInAsync();
        await UploadAsync(uploading);
        await DownloadAsync(downloading);
        uploading.CloseSending();
        downloading.CloseSending();
        await server.Log.WaitForAsync(RecordingLogger.TransferFailed, times: 2);
        await server.Log.WaitForAsync(RecordingLogger.Disconnected, times: 2);
        await uploading.DisposeAsync();
        await downloading.DisposeAsync();
    });

    [Theory, OnEveryWire]
    public Task A_download_reads_the_file_it_opened_while_another_replaces_it(Wire wire) => WithDiskAsync(wire, async (server, talk) =>
    {
        await server.WriteAsync("/large", new byte[1_500_000]);
        await DownloadAsync(talk);
        await server.WriteAsync("/large", "new");
        Assert.Equal(1_500_000 - 1000, (await talk.Data!.ReadToEndAsync()).Length);
        await talk.PlayAsync("S: 226 *");
    });
}
