using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests;

/// <summary>The server's upload options --publish and --keep-partial, from the command line to the files in the folder.</summary>
public sealed class UploadPolicyTests : IDisposable
{
    private static readonly byte[] s_content = [1, 2, 3, 4];

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Complete_only_requires_a_size_if_nothing_else_proves_completeness()
    {
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--publish", "complete-only"]);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        client.AssertReply(await client.UploadAsync("STOR file", s_content), "550");
        Assert.DoesNotContain("file", _folder.Names);
        await client.ExecuteAsync("SIZE file", "213");
        await client.ExecuteAsync("ALLO 4", "200");
        client.AssertReply(await client.UploadAsync("STOR file", s_content), "226");
        Assert.Equal(["file"], _folder.Names);
    }

    [Theory]
    [InlineData("0", false)]
    [InlineData("1m", true)]
    [InlineData("7d", true)]
    public async Task Interrupted_uploads_are_kept_if_keep_partial_is_not_0(string time, bool isKept)
    {
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--keep-partial", time]);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        await client.ExecuteAsync("ALLO 5", "200");
        client.AssertReply(await client.UploadAsync("STOR file", s_content), "451");
        await client.ExecuteAsync("SIZE file", isKept ? "213" : "550");
        Assert.Equal(isKept ? 1 : 0, _folder.Names.Length);
    }

    [Theory]
    [InlineData("--keep-partial", "")]
    [InlineData("--keep-partial", "h")]
    [InlineData("--keep-partial", "1")]
    [InlineData("--keep-partial", "-1h")]
    [InlineData("--keep-partial", "0h")]
    [InlineData("--keep-partial", "99999d")]
    [InlineData("--publish", "all")]
    public async Task Invalid_option_values_are_usage_errors(string option, string value)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", option, value]);
        Assert.Equal(2, code);
        Assert.Contains(option, messages, StringComparison.Ordinal);
    }
}
