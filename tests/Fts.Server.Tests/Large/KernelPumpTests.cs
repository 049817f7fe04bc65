using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Large;

/// <summary>
/// Transfers large enough for the kernel's copy calls, which block a thread. They must return it when the transfer ends early. The portable
/// engine must behave in the same way.
/// </summary>
public sealed class KernelPumpTests
{
    private const long Large = 64L * 1024 * 1024;

    private const string SessionContinues = """
        C: EPSV
        S: 229 *
        C: RETR small
        S: 150 *
        D< ok
        S: 226 *
        """;

    private static async Task RunOnDiskAsync(
        Wire wire, Func<TestServer, TestClient, Task> test, Func<FtpServerOptions, FtpServerOptions>? with = null)
    {
        using var folder = new TemporaryDirectory();
        SetLength(folder, Large);
        using var store = new LocalFileStore(folder.Path);
        await using TestServer server = new(wire, store, with);
        await server.WriteAsync("/small", "ok");
        await using TestClient client = await server.LogInAsync();
        await test(server, client);
        await client.PlayAsync(SessionContinues);
        Assert.Equal(["large", "small"], await server.ListNamesAsync("/"));
        // The sweep deletes the partial uploads.
        await store.SweepPartialUploadsAsync(DateTime.MaxValue, CancellationToken.None);
        Assert.Equal(
            ["large", "small"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static void SetLength(TemporaryDirectory folder, long length)
    {
        using FileStream file = File.OpenWrite(Path.Combine(folder.Path, "large"));
        file.SetLength(length);
    }

    /// <summary>Uploads enough bytes for the kernel to copy, and waits until the server has received all of them.</summary>
    private static async Task UploadAsync(TestClient client)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: STOR new\nS: 150 *");
        await data.SendAsync(new byte[2_000_000]);
        await client.WaitUntilReceivedAsync(2_000_000);
    }

    private static async Task DownloadAsync(TestClient client)
    {
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: RETR large\nS: 150 *");
        Assert.True(await data.ReadSomeAsync(new byte[1000]) > 0);
    }

    [Theory, OnEveryWire]
    public Task ABOR_ends_an_upload(Wire wire) => RunOnDiskAsync(wire, async (_, client) =>
    {
        await UploadAsync(client);
        await client.PlayAsync("C: ABOR\nS: 426 *\nS: 226 *");
    });

    [Theory, OnEveryWire]
    public Task ABOR_ends_a_download(Wire wire) => RunOnDiskAsync(wire, async (_, client) =>
    {
        await DownloadAsync(client);
        await client.PlayAsync("C: ABOR\nS: 426 *\nS: 226 *");
    });

    [Theory, OnEveryWire]
    public Task A_stall_ends_an_upload_and_a_download(Wire wire) => RunOnDiskAsync(
        wire,
        async (server, uploading) =>
        {
            await using TestClient downloading = await server.LogInAsync();
            await UploadAsync(uploading);
            await DownloadAsync(downloading);
            await uploading.PlayAsync("S: 426 *");
            await downloading.PlayAsync("S: 426 *");
        },
        options => options with { StallTimeout = TimeSpan.FromSeconds(2) });

    [Theory, OnEveryWire]
    public Task A_reset_ends_an_upload(Wire wire) => RunOnDiskAsync(wire, async (_, client) =>
    {
        await UploadAsync(client);
        await client.PlayAsync("D: reset\nS: 426 *");
    });

    [Theory, OnEveryWire]
    public Task A_client_that_closes_the_data_connection_ends_a_download(Wire wire) => RunOnDiskAsync(wire, async (_, client) =>
    {
        await DownloadAsync(client);
        await client.PlayAsync("D: close\nS: 426 *");
    });

    [Theory, OnEveryWire]
    public async Task A_file_truncated_during_its_download_returns_451(Wire wire)
    {
        using var folder = new TemporaryDirectory();
        using var store = new LocalFileStore(folder.Path);
        SetLength(folder, Large);
        await using TestServer server = new(wire, store);
        await using TestClient client = await server.LogInAsync();
        await DownloadAsync(client);
        SetLength(folder, 1000);
        await client.Data!.ReadToAnyEndAsync();
        await client.PlayAsync("S: 451 *");
    }

    [Theory, OnEveryWire]
    public Task A_lost_control_connection_ends_an_upload_and_a_download(Wire wire) => RunOnDiskAsync(wire, async (server, _) =>
    {
        TestClient uploading = await server.LogInAsync(), downloading = await server.LogInAsync();
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
    public Task A_download_reads_its_old_file_after_a_replacement(Wire wire) => RunOnDiskAsync(wire, async (server, client) =>
    {
        await server.WriteAsync("/large", new byte[1_500_000]);
        await DownloadAsync(client);
        await server.WriteAsync("/large", "new");
        Assert.Equal(1_500_000 - 1000, (await client.Data!.ReadToEndAsync()).Length);
        await client.PlayAsync("S: 226 *");
    });
}
