using System.Text;
using Fts.Client;
using Fts.Client.Tests.Support;
using Fts.Interop.Tests.Peers;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Sessions with other servers are recorded. The replay of each recording gives the client the same results.</summary>
public sealed class ReplayTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PeerKind.Vsftpd, false)]
    [InlineData(PeerKind.Vsftpd, true)]
    [InlineData(PeerKind.ProFtpd, true)]
    [InlineData(PeerKind.PureFtpd, false)]
    public async Task A_replayed_session_gives_the_same_results(PeerKind kind, bool encrypted)
    {
        var text = new StringWriter();
        var recorder = new FtpRecorder(text, new FtpRecordingOptions { DataBytes = 1 << 20 });
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => options with { Recorder = recorder, MaxConnections = 1 }, encrypted);
        session.WriteServerFile("old.txt", "hello");
        string recorded = await RunAsync(session.Client);
        await session.Client.DisposeAsync();
        Assert.Equal("new.txt 10, old.txt 5; hello", recorded);

        await using var replay = new ReplayServer(text.ToString(), TestCertificate.Valid);
        await using var client = new FtpClient(session.Client.Options with { Recorder = null, Port = replay.Port });
        string replayed = await RunAsync(client);
        await client.DisposeAsync();
        await replay.WaitAsync();
        Assert.Equal(recorded, replayed);
    }

    /// <summary>Uploads a file, lists the folder, and downloads another file. Returns the results as text.</summary>
    private static async Task<string> RunAsync(FtpClient client)
    {
        await client.UploadAsync(new MemoryStream("0123456789"u8.ToArray()), $"{Peer.WritablePath}/new.txt", cancellationToken: Token);
        var entries = new List<string>();
        await foreach (FtpEntry entry in client.ListAsync(Peer.WritablePath, Token))
        {
            entries.Add($"{entry.Name} {entry.Length}");
        }

        var content = new MemoryStream();
        await client.DownloadAsync(content, $"{Peer.WritablePath}/old.txt", cancellationToken: Token);
        return $"{string.Join(", ", entries.Order(StringComparer.Ordinal))}; {Encoding.UTF8.GetString(content.ToArray())}";
    }
}
