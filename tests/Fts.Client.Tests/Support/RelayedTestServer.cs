using Fts.Accounts;
using Fts.Server;
using Fts.Storage;
using Fts.Storage.Memory;

namespace Fts.Client.Tests.Support;

/// <summary>Our server with a memory store, behind a relay that can change the traffic, and a local directory.</summary>
internal sealed class RelayedTestServer : IAsyncDisposable
{
    /// <summary>The last-modified time of all files by default, in the past.</summary>
    public static readonly DateTime DefaultTime = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly FtpServer _server;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    public RelayedTestServer(Permissions permissions = Permissions.ReadWrite)
    {
        _server = new FtpServer(new FtpServerOptions
        {
            Store = Store,
            Authenticator = new AnonymousAuthenticator(permissions),
            DrainTimeout = TimeSpan.FromSeconds(30),
        });
        _server.StartAsync(Token).GetAwaiter().GetResult();
        Relay = new TamperingRelay(_server.EndPoint.Port);
    }

    public MemoryFileStore Store { get; } = new();

    public TamperingRelay Relay { get; }

    public string[] LocalNames => [.. _folder.EnumerateFileSystemInfos().Select(info => info.Name).Order(StringComparer.Ordinal)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>Returns content without repetitions.</summary>
    public static byte[] CreateContent(long length)
    {
        byte[] content = new byte[length];
        new Random(7).NextBytes(content);
        return content;
    }

    public FtpClient CreateClient(int connections = 4) => new(new FtpClientOptions
    {
        Host = "127.0.0.1",
        Port = Relay.Port,
        MaxConnections = connections,
        Timeouts = new FtpTimeouts
        {
            Reply = TimeSpan.FromSeconds(20),
            TransferStall = TimeSpan.FromSeconds(20),
            Resync = TimeSpan.FromSeconds(5),
        },
    });

    public async Task WriteFileAsync(string name, byte[] content, DateTime? time = null)
    {
        StorePath path = StorePath.Root.Resolve(name)!.Value;
        IFileWriter writer = await Store.OpenWriteAsync(path, WriteStart.Replace, Token);
        await using (writer)
        {
            await writer.WriteAsync(0, content, Token);
            await writer.CommitAsync(Token);
        }

        await Store.SetMetadataAsync(path, new FileMetadata(time ?? DefaultTime), Token);
    }

    public async Task<byte[]> ReadFileAsync(string name)
    {
        await using IFileReader reader = await Store.OpenReadAsync(StorePath.Root.Resolve(name)!.Value, Token);
        byte[] content = new byte[reader.Length];
        for (int offset = 0; offset < content.Length;)
        {
            offset += await reader.ReadAsync(offset, content.AsMemory(offset), Token);
        }

        return content;
    }

    /// <summary>Returns all names on the server, including hidden ones.</summary>
    public async Task<string[]> ListNamesAsync()
    {
        var names = new List<string>();
        await foreach (FileEntry entry in await Store.ListAsync(StorePath.Root, Token))
        {
            names.Add(entry.Name);
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    /// <summary>Stops the server as SIGTERM does: running transfers may finish.</summary>
    public Task StopServerAsync() => _server.StopAsync(Token);

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
