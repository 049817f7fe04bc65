using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Doctor;

/// <summary><c>--record FILE</c> of the commands that connect.</summary>
public sealed class RecordTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_recording_has_no_password_and_only_its_owner_can_read_it()
    {
        using var server = FaultyServer.Start(new() { ["PASS"] = "230 welcome ann, your password is wonder123" });
        _folder.Write("rec.txt", "an old file that everyone can read, and that is longer than the first lines of the recording");
        File.SetUnixFileMode(_folder["rec.txt"], OwnerOnly | UnixFileMode.OtherRead);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.Address.Split(':')[1], "--user", "ann", "--record", "rec.txt"], "ls\n",
            ("FTS_PASSWORD", "wonder123"));
        Assert.True(code == 0, messages);
        string recording = _folder.Read("rec.txt");
        Assert.StartsWith("fts recording 1\n0.", recording, StringComparison.Ordinal);
        Assert.DoesNotContain("wonder123", recording, StringComparison.Ordinal);
        Assert.DoesNotContain("ann", recording, StringComparison.Ordinal);
        Assert.Contains(" 1 > USER ****\n", recording, StringComparison.Ordinal);
        Assert.Contains(" 1 < 230 welcome ****, your password is ****\n", recording, StringComparison.Ordinal);
        Assert.Contains(" 1 data received 39\n", recording, StringComparison.Ordinal);
        Assert.DoesNotContain(" bytes ", recording, StringComparison.Ordinal);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_folder["rec.txt"]));
    }

    [Fact]
    public async Task One_shot_commands_and_doctor_record_too_with_bytes_and_user_on_request()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        server.Folder.Write("a.txt", "hello world");
        string url = $"ftp://127.0.0.1:{server.PortText}/";
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["get", $"{url}a.txt", "--record", "get.txt", "--record-data", "5"]);
        Assert.True(code == 0, messages);
        Assert.Contains(" 1 bytes aGVsbG8=\n", _folder.Read("get.txt"), StringComparison.Ordinal); // "hello" in Base64
        Assert.Contains(" 1 > USER anonymous\n", _folder.Read("get.txt"), StringComparison.Ordinal);
        Assert.Contains(" 1 tls 1.3\n", _folder.Read("get.txt"), StringComparison.Ordinal);
        (code, _, messages) = await RunningProgram.RunAsync(_folder.Path, ["doctor", url, "--record", "doctor.txt"]);
        Assert.True(code == 0, messages);
        Assert.Contains(" 2 > AUTH TLS\n", _folder.Read("doctor.txt"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(11, "--record", "nowhere/rec.txt")]
    [InlineData(2, "--record-data", "5")]
    [InlineData(2, "--record-user")]
    [InlineData(2, "--record", "rec.txt", "--record-data", "many")]
    public async Task A_recording_that_cannot_be_written_is_an_error(int expected, params string[] options) => Assert.Equal(
        expected, (await RunningProgram.RunAsync(_folder.Path, ["get", "ftp://127.0.0.1:1/x", .. options])).Code);
}
