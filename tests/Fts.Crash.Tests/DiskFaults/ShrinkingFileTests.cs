using System.Net.Sockets;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>A file truncated during its download. The server closes the data connection and does not report a complete transfer.</summary>
public sealed class ShrinkingFileTests
{
    [Fact]
    public async Task A_file_truncated_during_its_download_returns_451()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using (FileStream file = File.Create(server.Folder["large"]))
        {
            file.SetLength(256 * 1024 * 1024);
        }

        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        using Socket data = await client.OpenDataConnectionAsync();
        await client.ExecuteAsync("RETR large", "150");
        await using (FileStream file = File.OpenWrite(server.Folder["large"]))
        {
            // The client has read nothing yet, so only the socket buffers hold bytes of the file.
            file.SetLength(1024);
        }

        Assert.True((await RawFtpClient.ReadToEndAsync(data)).Length < 256 * 1024 * 1024);
        client.AssertReply(await client.ReadReplyAsync(), "451");
        await client.ExecuteAsync("NOOP", "200");
        Assert.Equal(new byte[1024], (await client.DownloadAsync("RETR large")).Content);
    }
}
