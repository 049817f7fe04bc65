using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Large;

/// <summary>
/// Large transfers with files on disk, through every copy engine. The kernel's copy calls block a thread, which must be released when a
/// transfer is aborted.
/// </summary>
public sealed class KernelPumpTests
{
    private const long Large = 64L * 1024 * 1024;

    private const string DownloadSmall = """
        C: EPSV
        S: 229 *
        C: RETR small
        S: 150 *
        D< ok
        S: 226 *
        """;

    private static async Task WithDiskAsync(
        Wire wire, Func<TestServer, Conversation, Task> test, Func<FtpServerOptions, FtpServerOptions>? configure = null)
    {
        using var directory = new TemporaryDirectory();
        SetLength(directory, Large);
        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store, configure);
        await server.WriteAsync("/small", "ok");
        await using Conversation client = await server.LogInAsync();
        await test(server, client);
        await client.PlayAsync(DownloadSmall);
        Assert.Equal(["large", "small"], await server.ListNamesAsync("/"));
        // Partial uploads of aborted transfers are kept until they expire.
        await store.SweepPartialUploadsAsync(DateTime.MaxValue, CancellationToken.None);
        Assert.Equal(
            ["large", "small"], Directory.GetFileSystemEntries(directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static void SetLength(TemporaryDirectory directory, long length)
    {
        using FileStream file = File.OpenWrite(Path.Combine(directory.Path, "large"));
        file.SetLength(length);
    }

    /// <summary>Uploads more than the minimum size for the kernel, and waits until the server has received all bytes.</summary>
    private static async Task UploadAsync(Conversation client)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: STOR new\nS: 150 *");
        await data.SendAsync(new byte[2_000_000]);
        await client.WaitUntilReceivedAsync(2_000_000);
    }

    private static async Task DownloadAsync(Conversation client)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: RETR large\nS: 150 *");
        Assert.True(await data.ReadSomeAsync(new byte[1000]) > 0);
    }

    [Theory, OnEveryWire]
    public Task Abor_aborts_an_upload(Wire wire) => WithDiskAsync(wire, async (_, client) =>
    {
        await UploadAsync(client);
        await client.PlayAsync("C: ABOR\nS: 426 *\nS: 226 *");
    });

    [Theory, OnEveryWire]
    public Task Abor_aborts_a_download(Wire wire) => WithDiskAsync(wire, async (_, client) =>
    {
        await DownloadAsync(client);
        await client.PlayAsync("C: ABOR\nS: 426 *\nS: 226 *");
    });

    [Theory, OnEveryWire]
    public Task A_stall_aborts_an_upload_and_a_download(Wire wire) => WithDiskAsync(
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
    public Task A_reset_data_connection_aborts_an_upload(Wire wire) => WithDiskAsync(wire, async (_, client) =>
    {
        await UploadAsync(client);
        await client.PlayAsync("D: reset\nS: 426 *");
    });

    [Theory, OnEveryWire]
    public Task A_closed_data_connection_aborts_a_download(Wire wire) => WithDiskAsync(wire, async (_, client) =>
    {
        await DownloadAsync(client);
        await client.PlayAsync("D: close\nS: 426 *");
    });

    [Theory, OnEveryWire]
    public async Task A_file_truncated_while_it_is_sent_returns_451(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        SetLength(directory, Large);
        await using TestServer server = new(wire, store);
        await using Conversation client = await server.LogInAsync();
        await DownloadAsync(client);
        SetLength(directory, 1000);
        await client.Data!.ReadUntilClosedAsync();
        await client.PlayAsync("S: 451 *");
    }

    [Theory, OnEveryWire]
    public Task A_lost_control_connection_aborts_an_upload_and_a_download(Wire wire) => WithDiskAsync(wire, async (server, _) =>
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
    public Task A_download_reads_the_file_it_opened_while_another_replaces_it(Wire wire) => WithDiskAsync(wire, async (server, client) =>
    {
        await server.WriteAsync("/large", new byte[1_500_000]);
        await DownloadAsync(client);
        await server.WriteAsync("/large", "new");
        Assert.Equal(1_500_000 - 1000, (await client.Data!.ReadToEndAsync()).Length);
        await client.PlayAsync("S: 226 *");
    });
}
