using System.Net;
using System.Text;
using Fts.Accounts;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Support;

/// <summary>A server in this process on a free port, with its log and its store.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private static readonly Lazy<FtpCertificates> SelfSigned = new(CreateCertificates);

    private readonly FtpServer _server;
    private readonly Wire _wire;
    private readonly TemporaryDirectory? _directory;

    public TestServer(Wire wire, IFileStore? store = null, Func<FtpServerOptions, FtpServerOptions>? with = null)
    {
        _directory = store is null && wire == Wire.Kernel ? new TemporaryDirectory() : null;
        Store = store ?? (_directory is null ? new MemoryFileStore() : new LocalFileStore(_directory.Path));
        _wire = wire;
        var options = new FtpServerOptions
        {
            Store = Store,
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            EndPoint = new IPEndPoint(wire.Loopback(), 0),
            LoginDelay = TimeSpan.Zero,
            DrainTimeout = TimeSpan.FromMinutes(1),
            LoggerFactory = new SingleLoggerFactory(Log),
            Tls = wire.Tls() is null ? null : new FtpTlsOptions { Certificates = Certificates },
            ImplicitTlsEndPoint = wire.Tls() is null ? null : new IPEndPoint(wire.Loopback(), 0),
        };
        options = wire.GetMinKernelBytes() is { } from ? options with { MinKernelCopyBytes = from } : options;
        _server = new FtpServer(with is null ? options : with(options));
        _server.StartAsync(TestContext.Current.CancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>The self-signed certificate of every server with TLS.</summary>
    public static FtpCertificates Certificates => SelfSigned.Value;

    public IFileStore Store { get; }

    public RecordingLogger Log { get; } = new();

    public IPEndPoint EndPoint => _server.ImplicitTlsEndPoint ?? _server.EndPoint;

    /// <summary>The end point for connections that begin unencrypted, independent of the wire.</summary>
    public IPEndPoint PlainEndPoint => _server.EndPoint;

    public int SessionCount => _server.SessionCount;

    /// <summary>Weak references to the current sessions.</summary>
    public WeakReference[] Sessions => [.. _server.Sessions.Select(session => new WeakReference(session))];

    /// <summary>Starts a server with these files. A path that ends with a slash is a directory.</summary>
    public static async Task<TestServer> CreateAsync(Wire wire, params (string Path, string Content)[] files)
    {
        var server = new TestServer(wire);
        foreach ((string path, string content) in files)
        {
            await server.WriteAsync(path, content);
        }

        return server;
    }

    /// <summary>Runs a script in one session, logged in, on a server with these files.</summary>
    public static async Task PlayAsync(Wire wire, string script, params (string Path, string Content)[] files)
    {
        await using TestServer server = await CreateAsync(wire, files);
        await server.PlayAsync(script);
    }

    /// <summary>Connects without reading the greeting.</summary>
    public Task<TestClient> ConnectAsync(IPAddress? from = null, byte[]? header = null) =>
        TestClient.ConnectAsync(EndPoint, from, _wire.Tls(), header);

    /// <summary>Connects unencrypted, independent of the wire, without reading the greeting.</summary>
    public Task<TestClient> ConnectPlainAsync() => TestClient.ConnectAsync(PlainEndPoint, null, null);

    /// <summary>Connects, logs in as anonymous and selects binary transfers (TYPE I).</summary>
    public async Task<TestClient> LogInAsync(IPAddress? from = null, byte[]? header = null)
    {
        TestClient client = await ConnectAsync(from, header);
        await client.PlayAsync("""
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: PASS me@example.org
            S: 230 *
            C: TYPE I
            S: 200 *
            """);
        return client;
    }

    /// <summary>Runs a script in one session, logged in.</summary>
    public async Task PlayAsync(string script)
    {
        await using TestClient client = await LogInAsync();
        try
        {
            await client.PlayAsync(script);
        }
        catch (IOException e)
        {
            throw new IOException($"{e.Message} The server's log:\n{string.Join('\n', Log.Texts)}", e);
        }
    }

    /// <summary>Runs a script in one session, from the greeting.</summary>
    public async Task PlayFromGreetingAsync(string script)
    {
        await using TestClient client = await ConnectAsync();
        await client.PlayAsync(script);
    }

    public Task WriteAsync(string path, string content) => WriteAsync(path, Encoding.UTF8.GetBytes(content));

    public Task WriteAsync(string path, byte[] content) => WriteAsync(Store, path, content);

    public static Task WriteAsync(IFileStore store, string path, string content) =>
        WriteAsync(store, path, Encoding.UTF8.GetBytes(content));

    public static async Task WriteAsync(IFileStore store, string path, byte[] content)
    {
        StorePath target = StorePath.Root.Resolve(path)!.Value;
        await CreateDirectoryAsync(store, path.EndsWith('/') ? target : target.Parent);
        if (path.EndsWith('/'))
        {
            return;
        }

        await using IFileWriter file = await store.OpenWriteAsync(target, WriteStart.Replace, CancellationToken.None);
        await file.WriteAsync(0, content, CancellationToken.None);
        await file.CommitAsync(CancellationToken.None);
    }

    /// <summary>Returns the content of a file as text, or null if the file does not exist.</summary>
    public async Task<string?> ReadAsync(string path)
    {
        StorePath target = StorePath.Root.Resolve(path)!.Value;
        return await Store.GetEntryAsync(target, CancellationToken.None) is null ? null
            : Encoding.UTF8.GetString(await ReadBytesAsync(path));
    }

    public async Task<byte[]> ReadBytesAsync(string path)
    {
        await using IFileReader file = await Store.OpenReadAsync(StorePath.Root.Resolve(path)!.Value, CancellationToken.None);
        byte[] content = new byte[file.Length];
        int read, offset = 0;
        while (offset < content.Length && (read = await file.ReadAsync(offset, content.AsMemory(offset), CancellationToken.None)) > 0)
        {
            offset += read;
        }

        return content;
    }

    /// <summary>Returns the partial upload of the anonymous account from the loopback address.</summary>
    public async Task<PartialUpload?> GetPartialUploadAsync(string path, Wire wire)
    {
        string address = Convert.ToHexString(wire.Loopback().GetAddressBytes().AsSpan(0, wire.IsIPv4() ? 4 : 8));
        return await Store.GetPartialUploadAsync(StorePath.Root.Resolve(path)!.Value, $"anonymous\n{address}", CancellationToken.None);
    }

    /// <summary>Clears the names whose partial size SIZE no longer reports.</summary>
    public void ClearSuppressedPartialSizes() => _server.SuppressedPartialSizes.Clear();

    /// <summary>Returns the names in a directory, in ordinal order.</summary>
    public async Task<string[]> ListNamesAsync(string folder)
    {
        var names = new List<string>();
        await foreach (FileEntry entry in await Store.ListAsync(StorePath.Root.Resolve(folder)!.Value, CancellationToken.None))
        {
            names.Add(entry.Name);
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    /// <summary>Reloads the certificates, as SIGHUP does.</summary>
    public void Reload() => _server.Reload();

    /// <summary>Stops the server. Running transfers may continue for a minute, unless the options of the test set another time.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => _server.StopAsync(cancellationToken);

    /// <summary>Stops the server and aborts running transfers.</summary>
    public Task StopImmediatelyAsync() => _server.StopAsync(new CancellationToken(canceled: true));

    /// <summary>Stops the server. Fails the test if a session does not end before the deadline.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().WithDeadline();
        if (_directory is not null)
        {
            ((LocalFileStore)Store).Dispose();
            _directory.Dispose();
        }
    }

    private static FtpCertificates CreateCertificates()
    {
        using var folder = new TemporaryDirectory();
        return FtpCertificates.SelfSigned(Path.Combine(folder.Path, "server.pem"));
    }

    private static async Task CreateDirectoryAsync(IFileStore store, StorePath folder)
    {
        if (await store.GetEntryAsync(folder, CancellationToken.None) is null)
        {
            await CreateDirectoryAsync(store, folder.Parent);
            await store.CreateDirectoryAsync(folder, CancellationToken.None);
        }
    }
}
