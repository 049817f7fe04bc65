using System.Net;
using System.Text;
using Fts.Accounts;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Support;

/// <summary>A server in the test process on its own port, with its log messages and its store.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private static readonly Lazy<FtpCertificates> SelfSigned = new(CreateCertificates);

    private readonly FtpServer _server;
    private readonly Wire _wire;
    private readonly TemporaryDirectory? _directory;

    public TestServer(Wire wire, IFileStore? store = null, Func<FtpServerOptions, FtpServerOptions>? configure = null)
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
        _server = new FtpServer(configure is null ? options : configure(options));
        _server.StartAsync(TestContext.Current.CancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>The self-signed certificates of all servers with TLS.</summary>
    public static FtpCertificates Certificates => SelfSigned.Value;

    public IFileStore Store { get; }

    public RecordingLogger Log { get; } = new();

    public IPEndPoint EndPoint => _server.ImplicitTlsEndPoint ?? _server.EndPoint;

    /// <summary>The address for explicit TLS, which accepts unencrypted connections on every wire.</summary>
    public IPEndPoint PlainEndPoint => _server.EndPoint;

    /// <summary>The server under test.</summary>
    public FtpServer Inner => _server;

    public int SessionCount => _server.SessionCount;

    /// <summary>Returns whether a meter belongs to this server. Tests run several servers in one process.</summary>
    public bool Owns(System.Diagnostics.Metrics.Meter meter) => ReferenceEquals(meter.Scope, _server);

    /// <summary>Weak references to the current sessions.</summary>
    public WeakReference[] Sessions => [.. _server.Sessions.Select(session => new WeakReference(session))];

    /// <summary>Returns a server with the files. A path that ends with a slash is a directory.</summary>
    public static async Task<TestServer> WithAsync(Wire wire, params (string Path, string Content)[] files)
    {
        var server = new TestServer(wire);
        foreach ((string path, string content) in files)
        {
            await server.WriteAsync(path, content);
        }

        return server;
    }

    /// <summary>Runs a script as a logged-in client of a server with the files.</summary>
    public static async Task PlayAsync(Wire wire, string script, params (string Path, string Content)[] files)
    {
        await using TestServer server = await WithAsync(wire, files);
        await server.PlayAsync(script);
    }

    /// <summary>Connects. The caller reads the greeting.</summary>
    public Task<Conversation> ConnectAsync(IPAddress? from = null, byte[]? header = null) =>
        Conversation.ConnectAsync(EndPoint, from, _wire.Tls(), header);

    /// <summary>Connects without TLS on every wire. The caller reads the greeting.</summary>
    public Task<Conversation> ConnectPlainAsync() => Conversation.ConnectAsync(PlainEndPoint, null, null);

    /// <summary>Logs in as anonymous and sets the image type.</summary>
    public async Task<Conversation> LogInAsync(IPAddress? from = null, byte[]? header = null)
    {
        Conversation client = await ConnectAsync(from, header);
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

    /// <summary>Runs a script as a logged-in client.</summary>
    public async Task PlayAsync(string script)
    {
        await using Conversation client = await LogInAsync();
        try
        {
            await client.PlayAsync(script);
        }
        catch (IOException e)
        {
            throw new IOException($"{e.Message} The server's log:\n{string.Join('\n', Log.Texts)}", e);
        }
    }

    /// <summary>Runs a script that starts with the greeting.</summary>
    public async Task PlayFromGreetingAsync(string script)
    {
        await using Conversation client = await ConnectAsync();
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

    /// <summary>Returns the content of a file, or null if it does not exist.</summary>
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
        for (int read, at = 0; at < content.Length && (read = await file.ReadAsync(at, content.AsMemory(at), CancellationToken.None)) > 0;)
        {
            at += read;
        }

        return content;
    }

    /// <summary>Returns the partial upload of an anonymous client on this machine, or null.</summary>
    public async Task<PartialUpload?> GetPartialUploadAsync(string path, Wire wire)
    {
        string address = Convert.ToHexString(wire.Loopback().GetAddressBytes().AsSpan(0, wire.IsIPv4() ? 4 : 8));
        return await Store.GetPartialUploadAsync(StorePath.Root.Resolve(path)!.Value, $"anonymous\n{address}", CancellationToken.None);
    }

    /// <summary>Clears the names for which SIZE does not report the partial upload.</summary>
    public void ClearSuppressedPartialSizes() => _server.SuppressedPartialSizes.Clear();

    /// <summary>Returns the sorted names in a directory.</summary>
    public async Task<string[]> ListNamesAsync(string directory)
    {
        var names = new List<string>();
        await foreach (FileEntry entry in await Store.ListAsync(StorePath.Root.Resolve(directory)!.Value, CancellationToken.None))
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

    /// <summary>Disposes the server within the deadline. A session that does not end fails the test instead of blocking the run.</summary>
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
        using var directory = new TemporaryDirectory();
        return FtpCertificates.SelfSigned(Path.Combine(directory.Path, "server.pem"));
    }

    private static async Task CreateDirectoryAsync(IFileStore store, StorePath directory)
    {
        if (await store.GetEntryAsync(directory, CancellationToken.None) is null)
        {
            await CreateDirectoryAsync(store, directory.Parent);
            await store.CreateDirectoryAsync(directory, CancellationToken.None);
        }
    }
}
