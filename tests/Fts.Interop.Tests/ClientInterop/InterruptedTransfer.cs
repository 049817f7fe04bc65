using System.Diagnostics;
using System.Globalization;
using System.Net;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>
/// A peer, the published client, and a proxy between them that pauses a transfer of the 50 MiB file after a given number of bytes.
/// </summary>
internal sealed class InterruptedTransfer : IAsyncDisposable
{
    public const string Name = "big.bin";

    private readonly PausingProxy _proxy;
    private readonly string[] _options;

    private InterruptedTransfer(Peer peer, string[] options) =>
        (Peer, _proxy, _options) = (peer, new PausingProxy(peer.EndPoint.Port), options);

    /// <summary>The length of the file in bytes.</summary>
    public static long Total => new FileInfo(TestTree.LargeFile).Length;

    public Peer Peer { get; }

    /// <summary>The working directory of the client.</summary>
    public TestFolder Local { get; } = new();

    public string LocalFile => Local[Name];

    public string RemoteFile => Path.Combine(Peer.WritableFolder, Name);

    /// <summary>The local partial file of an interrupted download.</summary>
    public string PartialFile => Local[$".{Name}.fts-part"];

    /// <summary>The bytes of data relayed in the last transfer.</summary>
    public long TransferredBytes => _proxy.TransferredBytes;

    public static async Task<InterruptedTransfer> StartAsync(PeerKind kind, params string[] options) =>
        new(await Peer.StartAsync(kind, IPAddress.Loopback), options);

    /// <summary>Starts the client with a command and waits until the proxy pauses after <paramref name="bytes"/> bytes of data.</summary>
    public async Task<RunningProgram> StartAndPauseAsync(string command, long bytes)
    {
        RunningProgram client = await StartInWritablePathAsync();
        Task paused = _proxy.PauseAfter(bytes);
        client.WriteInput($"{command}\n");
        await paused.WaitAsync(Deadline.Default);
        return client;
    }

    /// <summary>Polls until the partial file of the client process has at least <paramref name="bytes"/> bytes.</summary>
    public async Task WaitForPartialAsync(long bytes)
    {
        long start = Stopwatch.GetTimestamp();
        while (!File.Exists(PartialFile) || new FileInfo(PartialFile).Length < bytes)
        {
            IEnumerable<string> files = new DirectoryInfo(Local.Path).EnumerateFiles().Select(file => $"{file.Name} ({file.Length})");
            Assert.True(
                Stopwatch.GetElapsedTime(start) < Deadline.Default,
                $"the partial file does not have {bytes} bytes; local files: {string.Join(", ", files)}");
            await Task.Delay(10);
        }
    }

    /// <summary>Resets the paused connections. Later connections are relayed without a limit.</summary>
    public void ResetConnections() => _proxy.ResetConnections();

    /// <summary>Runs the client with a command and returns its exit code and messages.</summary>
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
        // If the server does not support MLST, the client reads a listing first. The bytes of that listing must not be counted.
        await client.WaitForOutputAsync($"the remote folder is now {Peer.WritablePath}");
        return client;
    }

    private RunningProgram StartClient()
    {
        string[] target = ["127.0.0.1", Peer.EndPoint.Port.ToString(CultureInfo.InvariantCulture), "1", "--user", Peer.User];
        string[] options = ["--proxy", _proxy.Url, "--tls", "off", "--progress", "never", .. _options];
        return RunningProgram.Start(Local.Path, ["client", .. target, .. options], ("FTS_PASSWORD", Peer.Password));
    }
}
