using System.Diagnostics;
using System.Globalization;
using System.Net;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>A peer, the published client, and between them a proxy that stops a transfer of the 50 MiB file where a test wants it.</summary>
internal sealed class InterruptedTransfer : IAsyncDisposable
{
    public const string Name = "big.bin";

    private readonly PausingProxy _proxy;
    private readonly string[] _options;

    private InterruptedTransfer(Peer peer, string[] options) => (Peer, _proxy, _options) = (peer, new PausingProxy(peer.EndPoint.Port), options);

    public static long Total => new FileInfo(TestTree.LargeFile).Length;

    public Peer Peer { get; }

    /// <summary>Where the client runs.</summary>
    public TestFolder Local { get; } = new();

    public string LocalFile => Local[Name];

    public string RemoteFile => Path.Combine(Peer.WritableFolder, Name);

    /// <summary>What a download that broke off has left here.</summary>
    public string PartialFile => Local[$".{Name}.fts-part"];

    /// <summary>Bytes of data that travelled in the last transfer.</summary>
    public long TransferredBytes => _proxy.TransferredBytes;

    public static async Task<InterruptedTransfer> StartAsync(PeerKind kind, params string[] options) => new(await Peer.StartAsync(kind, IPAddress.Loopback), options);

    /// <summary>Starts the client with a command, and returns when so many bytes of data have passed and the client waits for more.</summary>
    public async Task<RunningProgram> StartAndPauseAsync(string command, long bytes)
    {
        RunningProgram client = await StartInWritablePathAsync();
        Task paused = _proxy.PauseAfter(bytes);
        client.WriteInput($"{command}\n");
        await paused.WaitAsync(Deadline.Default);
        return client;
    }

    /// <summary>A file of another process: nobody tells when it has grown.</summary>
    public async Task WaitForPartialAsync(long bytes)
    {
        long since = Stopwatch.GetTimestamp();
        while (!File.Exists(PartialFile) || new FileInfo(PartialFile).Length < bytes)
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Deadline.Default, $"not {bytes} bytes in {string.Join(", ", new DirectoryInfo(Local.Path).EnumerateFiles().Select(file => $"{file.Name} ({file.Length})"))}");
            await Task.Delay(10);
        }
    }

    /// <summary>Breaks what is held, and lets all that follows pass.</summary>
    public void ResetConnections() => _proxy.ResetConnections();

    /// <summary>Runs the client to its end with a command.</summary>
    public async Task<(int Code, string Messages)> RunAsync(string command)
    {
        _proxy.ResetConnections();
        await using RunningProgram client = await StartInWritablePathAsync();
        _ = _proxy.PauseAfter(long.MaxValue);
        client.WriteInput($"{command}\n");
        client.CloseInput();
        return (await client.WaitForExitAsync(), client.Messages);
    }

    public async ValueTask DisposeAsync()
    {
        await Peer.DisposeAsync();
        await _proxy.DisposeAsync();
        Local.Dispose();
    }

    private async Task<RunningProgram> StartInWritablePathAsync()
    {
        RunningProgram client = StartClient();
        client.WriteInput($"cd {Peer.WritablePath}\n");
        // Where there is no MLST, that is found out by a listing, which is data, too, and is not to be counted.
        await client.WaitForOutputAsync($"the remote folder is now {Peer.WritablePath}");
        return client;
    }

    private RunningProgram StartClient() => RunningProgram.Start(
        Local.Path,
        ["client", "127.0.0.1", Peer.EndPoint.Port.ToString(CultureInfo.InvariantCulture), "1", "--user", Peer.User, "--proxy", _proxy.Url, "--tls", "off", "--progress", "never", .. _options],
        ("FTS_PASSWORD", Peer.Password));
}
