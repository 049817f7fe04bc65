using System.Text;
using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Local;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Tests.Uploads;

/// <summary>A disk error during a transfer: the client receives an error, the existing file stays, and no staging file is left.</summary>
public sealed class DiskErrorTests
{
    /// <summary>Larger than the buffer of every copy engine.</summary>
    private static readonly string Content = new('x', 2 * 1024 * 1024);

    private static readonly Dictionary<StoreError, int> Replies =
        new() { [StoreError.Unavailable] = 451, [StoreError.NoSpace] = 452, [StoreError.QuotaExceeded] = 552 };

    [Theory, OnEveryWire]
    public async Task An_upload_whose_third_write_fails_leaves_only_the_old_file(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var disk = new LocalFileStore(directory.Path);
        // The kernel cannot write to this file either, so its bytes are returned to the store.
        using SafeFileHandle unwritable = File.OpenHandle(Environment.ProcessPath!);
        var store = new HookedStore(disk) { KernelWritesTo = unwritable };
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "old");
        await using Conversation client = await server.LogInAsync();
        foreach ((StoreError error, int code) in Replies)
        {
            foreach (string verb in (string[])["STOR a", "APPE a", "STOR b", "STOU b"])
            {
                FailAt(store, "WriteAsync", 3, error);
                await UploadAsync(client, verb, code);
                store.Fault = null;
                Assert.Equal(["a"], await server.ListNamesAsync("/"));
                await client.PlayAsync("""
                    C: SIZE a
                    S: 213 3
                    C: SIZE b
                    S: 550 *
                    C: EPSV
                    S: 229 *
                    C: RETR a
                    S: 150 *
                    D< old
                    S: 226 *
                    """);
            }
        }

        await UploadAsync(client, "STOR a", 226);
        Assert.Equal(Content, await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task An_upload_that_cannot_be_committed_leaves_only_the_old_file(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var disk = new LocalFileStore(directory.Path);
        var store = new HookedStore(disk);
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "old");
        await using Conversation client = await server.LogInAsync();
        foreach ((StoreError error, int code) in Replies)
        {
            FailAt(store, "CommitAsync", 1, error);
            await UploadAsync(client, "STOR a", code);
            store.Fault = null;
            Assert.Equal("old", await server.ReadAsync("/a"));
            Assert.Equal(["a"], await server.ListNamesAsync("/"));
            await client.PlayAsync("""
                C: SIZE a
                S: 213 3
                """);
        }
    }

    [Theory, OnEveryWire]
    public async Task A_download_with_a_read_error_closes_the_data_connection_and_returns_451(Wire wire)
    {
        int reads = 0;
        var store = new HookedStore();
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", Content);
        await using Conversation client = await server.LogInAsync();
        store.BeforeRead = _ => ++reads == 3 ? throw new StoreException(StoreError.Unavailable, "secret") : Task.CompletedTask;
        await client.OpenDataAsync();
        await client.PlayAsync("""
            C: RETR a
            S: 150 *
            """);
        int received = 0;
        try
        {
            byte[] buffer = new byte[64 * 1024];
            for (int read; (read = await client.Data!.ReadSomeAsync(buffer)) > 0; received += read)
            {
            }
        }
        catch (IOException)
        {
            // The server may also reset the connection.
        }

        await client.PlayAsync("S: 451 *");
        Assert.InRange(received, 1, Content.Length - 1);

        store.BeforeRead = null;
        await client.PlayAsync("""
            C: NOOP
            S: 200 *
            """);
        await client.OpenDataAsync();
        await client.PlayAsync("""
            C: RETR a
            S: 150 *
            """);
        Assert.Equal(Content, Encoding.UTF8.GetString(await client.Data!.ReadToEndAsync()));
        await client.PlayAsync("S: 226 *");
    }

    private static void FailAt(HookedStore store, string member, int call, StoreError error)
    {
        int calls = 0;
        store.Fault = called => called == member && ++calls == call ? new StoreException(error, "secret") : null;
    }

    /// <summary>Sends until the server closes the data connection, which may happen before everything is sent.</summary>
    private static async Task UploadAsync(Conversation client, string verb, int code)
    {
        await client.OpenDataAsync();
        await client.PlayAsync($"""
            C: {verb}
            S: 150 *
            """);
        try
        {
            await client.Data!.SendAsync(Encoding.UTF8.GetBytes(Content));
            await client.Data.FinishAsync();
        }
        catch (IOException)
        {
            // The reply contains the reason.
        }

        client.CloseData();
        await client.PlayAsync($"S: {code} *");
    }
}
