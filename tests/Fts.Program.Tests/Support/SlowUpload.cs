namespace Fts.ProgramTests.Support;

/// <summary>An upload of a FIFO. It runs until the test closes the FIFO.</summary>
internal sealed class SlowUpload : IAsyncDisposable
{
    private readonly RunningProgram _client;
    private readonly FileStream _pipe;

    private SlowUpload(RunningProgram client, FileStream pipe) => (_client, _pipe) = (client, pipe);

    /// <summary>Starts the upload under the name <c>slow</c>. Returns when the server has sent reply 150. Its debug output must be
    /// on.</summary>
    public static async Task<SlowUpload> StartAsync(RunningServer server, TestFolder folder)
    {
        await using (RunningProgram maker = RunningProgram.StartFile("mkfifo", folder.Path, ["slow"]))
        {
            Assert.Equal(0, await maker.WaitForExitAsync());
        }

        RunningProgram client = RunningProgram.Start(folder.Path, ["client", "127.0.0.1", server.PortText]);
        client.WriteInput("put slow\n");
        // Opening for writing only waits for the reader. With read access it would not wait, and the reader would never see the end.
        FileStream pipe =
            await Task.Run(() => new FileStream(folder["slow"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
            .WaitAsync(Deadline.Default);
        await server.Program.WaitForOutputAsync("< 150");
        return new SlowUpload(client, pipe);
    }

    /// <summary>Writes the content and ends the upload.</summary>
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
