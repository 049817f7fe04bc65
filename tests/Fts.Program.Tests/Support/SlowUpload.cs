namespace Fts.ProgramTests.Support;

/// <summary>An upload that runs for as long as a test wants: what the client reads is a FIFO, which the test writes.</summary>
internal sealed class SlowUpload : IAsyncDisposable
{
    private readonly RunningProgram _client;
    private readonly FileStream _pipe;

    private SlowUpload(RunningProgram client, FileStream pipe) => (_client, _pipe) = (client, pipe);

    /// <summary>Starts it under the name <c>slow</c>; returns when the server, whose debug output must be on, is at it.</summary>
    public static async Task<SlowUpload> StartAsync(RunningServer server, TestFolder folder)
    {
        await using (RunningProgram maker = RunningProgram.StartFile("mkfifo", folder.Path, ["slow"]))
        {
            Assert.Equal(0, await maker.WaitForExitAsync());
        }

        RunningProgram client = RunningProgram.Start(folder.Path, ["client", "127.0.0.1", server.PortText]);
        client.WriteInput("put slow\n");
        // Opening waits for the reader on the other end. Open for both ways it would not, and nobody would see the end.
        FileStream pipe = await Task.Run(() => new FileStream(folder["slow"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)).WaitAsync(Deadline.Default);
        await server.Program.WaitForOutputAsync("< 150");
        return new SlowUpload(client, pipe);
    }

    /// <summary>Gives it its content and its end.</summary>
    public async Task FinishAsync(string content)
    {
        await _pipe.WriteAsync(System.Text.Encoding.UTF8.GetBytes(content));
        await _pipe.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _pipe.DisposeAsync();
    }
}
