using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>Each answer to the question about an existing file.</summary>
public sealed class ExistingFileQuestionTests : IAsyncLifetime
{
    private const string Question = "Replace it? [yes/No/all/none/newer/resume/quit] ";

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        foreach (string name in (string[])["a", "b"])
        {
            _folder.Write(name, "mine");
            _server.Folder.Write(name, "mine too");
        }

        _server.Folder.Write("c", "new");
        File.SetLastWriteTimeUtc(_folder["a"], new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(_server.Folder["a"], new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(_folder["b"], new DateTime(2022, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(_server.Folder["b"], new DateTime(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("yes|no", "mine too", "mine", "new")]
    [InlineData("y|", "mine too", "mine", "new")]
    [InlineData("what|n|n", "mine", "mine", "new")]
    [InlineData("all", "mine too", "mine too", "new")]
    [InlineData("none", "mine", "mine", "new")]
    [InlineData("newer", "mine too", "mine", "new")]
    [InlineData("resume|no", "mine too", "mine", "new")]
    [InlineData("quit", "mine", "mine", null)]
    public async Task An_answer_decides_about_one_file_or_about_all(string answers, string a, string b, string? c)
    {
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.PortText]);
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput("mget a b c\r");
        int asked = 0;
        foreach (string answer in answers.Split('|'))
        {
            await client.WaitForOutputAsync(Question, ++asked);
            client.WriteInput(answer + "\r");
        }

        await client.WaitForOutputAsync("fts> ", times: 2);
        client.WriteInput("bye\r");
        Assert.Equal(0, await client.WaitForExitAsync());
        Assert.Equal((a, b, c), (_folder.Read("a"), _folder.Read("b"), File.Exists(_folder["c"]) ? _folder.Read("c") : null));
        Assert.Equal(asked, client.Data.Split(Question).Length - 1);
    }
}
