using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary><c>--segments</c>: one file over several connections, which are opened for nothing else.</summary>
public sealed class SegmentTests : IAsyncLifetime
{
    private const int Length = (4 << 20) + 1;

    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("4", 4)]
    [InlineData("2", 2)]
    [InlineData("1", 1)]
    [InlineData("auto", 1)]
    public async Task A_file_travels_in_as_many_segments_as_was_said(string segments, int count)
    {
        byte[] content = new byte[Length];
        new Random(3).NextBytes(content);
        File.WriteAllBytes(_folder["up"], content);
        File.WriteAllBytes(_server.Folder["down"], content);
        File.SetLastWriteTimeUtc(_server.Folder["down"], new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));

        string messages = await RunAsync(segments, "ls\nput up\nget down\n");
        Assert.Equal(content, File.ReadAllBytes(_server.Folder["up"]));
        Assert.Equal(content, File.ReadAllBytes(_folder["down"]));
        Assert.Equal(["down", "up"], _server.Folder.Names);
        Assert.Contains($"uploaded up ({Length} bytes)", messages, StringComparison.Ordinal);
        Assert.Contains($"downloaded down ({Length} bytes)", messages, StringComparison.Ordinal);
        Assert.Equal((count, count), (Count(messages, "> STOR "), Count(messages, "> RETR ")));
        Assert.Equal(count > 1, Count(messages, "> TYPE I") > 1);
    }

    [Fact]
    public async Task What_is_no_transfer_of_a_large_file_opens_no_second_connection()
    {
        _folder.Write("small", "small");
        string messages = await RunAsync("16", "ls\nput small\nget small --overwrite\nls\n");
        Assert.Equal(1, Count(messages, "> TYPE I"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("17")]
    [InlineData("-1")]
    [InlineData("many")]
    public async Task Another_number_is_a_mistake(string segments)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", $"--segments={segments}"]);
        Assert.Equal(2, code);
        Assert.Contains($"--segments {segments}: must be auto or a number from 1 to 16", messages, StringComparison.Ordinal);
    }

    private static int Count(string messages, string line) =>
        messages.Split('\n').Count(said => said.StartsWith(line, StringComparison.Ordinal));

    private async Task<string> RunAsync(string segments, string commands)
    {
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", _server.PortText, "1", "--segments", segments], commands);
        Assert.True(code == 0, messages);
        return messages;
    }
}
