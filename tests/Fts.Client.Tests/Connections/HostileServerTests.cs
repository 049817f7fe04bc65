using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Connections;

/// <summary>
/// Servers that send false data, send without end, or stop responding. The client fails with a clear error, within limits of time and
/// memory, and leaves the local file unchanged.
/// </summary>
public sealed class HostileServerTests : IDisposable
{
    private const string Retr = "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Local => Path.Combine(_folder.FullName, "a");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Downloads to an existing file, checks that the file is unchanged and the only one, and returns the exception.</summary>
    private async Task<Exception> FailAsync(FtpClientOptions options)
    {
        await File.WriteAllTextAsync(Local, "old", Token);
        Exception? e;
        await using (var client = new FtpClient(options))
        {
            e = await Record.ExceptionAsync(() => client.DownloadFileAsync(Local, "a", null, null, Token));
        }

        Assert.Equal(["a"], _folder.EnumerateFileSystemInfos().Select(info => info.Name));
        Assert.Equal("old", await File.ReadAllTextAsync(Local, Token));
        Assert.NotNull(e);
        Assert.DoesNotContain(e.Message, c => char.IsControl(c) && c != '\n');
        Assert.InRange(e.Message.Length, 1, 2000);
        return e;
    }

    [Theory]
    [InlineData("S+ x", "longer than 16384 bytes")]
    [InlineData("S: 220-hi\nS+ more\\r\\n", "longer than 1048576 characters")]
    [InlineData("S: 220-hi\nS+ \\r\\n", "longer than 1048576 characters")]
    [InlineData("S: 220 hi\nC: USER anonymous\nS+ \\x00", "longer than 16384 bytes")]
    public async Task A_reply_without_end_is_an_error_at_its_limit(string script, string message)
    {
        await using var peer = ScriptedPeer.Start(script);
        var e = Assert.IsType<FtpProtocolException>(await FailAsync(peer.Options));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Endless_preliminary_replies_time_out()
    {
        await using var peer = ScriptedPeer.Start("S: 220 hi\nC: USER anonymous\nS: 150 wait\nS: 150 wait\n? never");
        FtpClientOptions options = peer.Options;
        Assert.IsType<FtpTimeoutException>(
            await FailAsync(options with { Timeouts = options.Timeouts with { FinalReply = TimeSpan.FromMilliseconds(100) } }));
    }

    [Theory]
    [InlineData("type=file; ", "x", "a line of the listing exceeds the limit")]
    [InlineData("", "type=file; a\\r\\n", "the listing exceeds the limit")]
    public async Task A_listing_without_end_is_an_error_at_its_limit(string start, string again, string message)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST") + "C: EPSV\nS: 229 ok (|||{port}|)\nC: MLSD in\nS: 150 go\n"
                + (start.Length > 0 ? $"D> {start}\n" : "") + $"D+ {again}\nC: ABOR\nS: 426 a\nS: 226 b");
        await using (var client = new FtpClient(peer.Options with { Limits = new FtpLimits { Listing = 10_000_000 } }))
        {
            var e = await Assert.ThrowsAsync<FtpListingException>(async () => await client.ListAsync("in", Token).CountAsync(Token));
            Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
            Assert.InRange(e.Message.Length, 1, 500);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("SIZE", "C: SIZE a\nS: 213 5\n", "S: 150 go")]
    [InlineData("X", "", "S: 150 go (5 bytes)")]
    [InlineData("SIZE", "C: SIZE a\nS: 213 4\n", "S: 150 go (5 bytes)")]
    public async Task Data_far_beyond_the_reported_size_is_discarded_and_aborts_the_transfer(string feature, string size, string opening)
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login(feature) + size + Retr + opening + "\nD+ hello\nC: ABOR\nS: 426 a\nS: 226 b");
        var e = Assert.IsType<FtpIntegrityException>(
            await FailAsync(peer.Options with { Limits = new FtpLimits { BytesBeyondReportedSize = 1000 } }));
        Assert.Equal(5, e.Expected);
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_huge_reported_size_with_little_data_is_a_length_error()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + $"C: SIZE a\nS: 213 {long.MaxValue}\n" + Retr + "S: 150 go\nD> hello\nD.\nS: 226 done");
        var e = Assert.IsType<FtpIntegrityException>(await FailAsync(peer.Options));
        Assert.Equal((long.MaxValue, 5), (e.Expected, e.Actual));
    }

    [Theory]
    [InlineData("S: 150 go\nS: 226 done\nD> hel\n? never")]
    [InlineData("S: 150 go\n? never")]
    [InlineData("S: 226 done\n? never")]
    public async Task Data_that_stalls_times_out_even_after_a_final_reply(string script)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + Retr + script);
        FtpClientOptions options = peer.Options;
        FtpTimeouts timeouts =
            options.Timeouts with { TransferStall = TimeSpan.FromMilliseconds(200), Resync = TimeSpan.FromMilliseconds(200) };
        var e = Assert.IsType<FtpTimeoutException>(await FailAsync(options with { Timeouts = timeouts }));
        Assert.Equal(FtpOperationPhase.Transfer, e.Phase);
    }

    [Fact]
    public async Task A_final_reply_that_arrives_before_the_data_does_not_end_the_transfer()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + Retr + "S: 150 go\nS: 226 done\nD> hello\nD.");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.DownloadFileAsync(Local, "a", null, null, Token);
        }

        Assert.Equal("hello", await File.ReadAllTextAsync(Local, Token));
    }

    [Theory]
    [InlineData("S: 350 ready", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD> hello\nD.\nS: 350 and then?", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD> hello\nD.\nS: 331 who?", typeof(FtpReplyException))]
    [InlineData("S: 650 secret", typeof(FtpProtocolException))]
    [InlineData("S: 099 done", typeof(FtpProtocolException))]
    [InlineData("S: 22 done", typeof(FtpProtocolException))]
    [InlineData("S: 226done", typeof(FtpProtocolException))]
    [InlineData("S: ", typeof(FtpProtocolException))]
    public async Task A_reply_with_an_unexpected_code_is_an_error(string replies, Type error)
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("X") + Retr + replies + (error == typeof(FtpReplyException) ? "" : "\n? never"));
        Assert.IsType(error, await FailAsync(peer.Options));
    }

    [Theory]
    [InlineData("S: 220 hi\nC: USER anonymous\nS: 350 rename first")]
    [InlineData("S: 220 hi\nC: USER anonymous\nS: 331 pw\nC: PASS anonymous@\nS: 331 again")]
    [InlineData("S: 220 hi\nC: USER anonymous\nS: 230 in\nC: FEAT\nS: 350 what\nC: TYPE I\nS: 331 who?")]
    public async Task A_login_reply_with_an_unexpected_code_is_an_error(string script)
    {
        await using var peer = ScriptedPeer.Start(script);
        Assert.IsType<FtpReplyException>(await FailAsync(peer.Options), exactMatch: false);
        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8), InlineData(9)]
    public async Task The_exception_contains_a_421_that_replaces_any_reply(int place)
    {
        string whole = ScriptedPeer.Login("SIZE") + "C: SIZE a\nS: 213 5\n" + Retr + "S: 150 go\nD> hello\nD.\nS: 226 done";
        string[] lines = whole.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // FEAT has a reply of several lines. The first one is replaced.
        int[] replies =
            [.. Enumerable.Range(0, lines.Length)
            .Where(i => lines[i].StartsWith("S: ", StringComparison.Ordinal) && !lines[i].StartsWith("S:  ", StringComparison.Ordinal)
            && lines[i] != "S: 211 End")];
        Assert.Equal(9, replies.Length);
        await using var peer = ScriptedPeer.Start(string.Join('\n', lines[..replies[place - 1]]) + "\nS: 421 I am going \u001b[2J down\nX");
        var e = Assert.IsType<FtpConnectionException>(await FailAsync(peer.Options));
        Assert.Equal(FtpReplyCode.ServiceNotAvailable, e.Reply!.Code);
        Assert.Contains("421 I am going \\x1b[2J down", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("S: 550 ", "\n")]
    [InlineData("S: 550-no\nS: ", "\nS: 550 done\n")]
    public async Task A_long_negative_reply_is_shortened_in_the_message(string start, string end)
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("X") + Retr + start + string.Concat(Enumerable.Repeat("no \u001b[31m", 12_000)) + end);
        var e = Assert.IsType<FtpReplyException>(await FailAsync(peer.Options with { Limits = new FtpLimits { ReplyLine = 200_000 } }));
        Assert.True(e.Reply.Lines.Sum(line => line.Length) > 90_000);
    }

    [Fact]
    public async Task A_data_connection_from_another_address_is_not_read()
    {
        await using var peer = ScriptedPeer.Start(Encrypted("TLS") + Retr + "S: 150 go\nD TLS other\nC: ABOR\nS: 426 a\nS: 226 b");
        var e = Assert.IsType<FtpTlsException>(await FailAsync(CreateTlsOptions(peer, (_, _) => ValueTask.FromResult(true))));
        Assert.Equal(FtpTlsFailure.UntrustedServerCertificate, e.Failure);
    }

    [Fact]
    public async Task A_changed_key_is_validated_again_before_the_user_name_is_sent()
    {
        await using var peer = ScriptedPeer.Start(
            Encrypted("TLS") + "C: HELP 1\n! busy\n? refused\nS: 200 one", "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS other");
        var validated = new List<string>();
        FtpClientOptions options = CreateTlsOptions(peer, (identity, _) =>
        {
            validated.Add(identity.Fingerprint);
            return ValueTask.FromResult(identity.Fingerprint == validated[0]);
        });
        await using (var client = new FtpClient(options))
        {
            Task<FtpReply> first = client.SendAsync("HELP", "1", Token);
            await peer.WaitForSignalAsync("busy");
            var e = await Assert.ThrowsAsync<FtpTlsException>(() => client.SendAsync("HELP", "2", Token));
            Assert.Equal(FtpTlsFailure.UntrustedServerCertificate, e.Failure);
            peer.OpenGate("refused");
            Assert.Equal("one", (await first).Text);
        }

        Assert.Equal([KeyFingerprint.Compute(TestCertificate.Valid), KeyFingerprint.Compute(TestCertificate.WithAnotherKey)], validated);
        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("00010101000000")]
    [InlineData("99991231235959")]
    public async Task An_extreme_last_modified_time_does_not_fail_a_download(string time)
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("MLST") + $"C: MLST a\nS: 250-x\nS:  type=file;size=5;modify={time}; a\nS: 250 End\n"
            + Retr + "S: 150 go\nD> hello\nD.\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.DownloadFileAsync(Local, "a", null, null, Token);
        }

        Assert.Equal("hello", await File.ReadAllTextAsync(Local, Token));
    }

    [Theory]
    [InlineData("CON", true)]
    [InlineData("nul.txt", true)]
    [InlineData("Com1 .log", true)]
    [InlineData("LPT\u00b9", true)]
    [InlineData("aux:x", true)]
    [InlineData("CONIN$", true)]
    [InlineData("console", false)]
    [InlineData("com10", false)]
    [InlineData("a.con", false)]
    public void Windows_device_names_are_recognised(string name, bool isDevice)
    {
        Assert.Equal(isDevice, Fts.Storage.WindowsFileNames.IsDeviceName(name));
        Assert.Equal(!(isDevice && OperatingSystem.IsWindows()), RemotePath.IsSafeName(name));
    }

    private static string Encrypted(string handshake) => $"""
        S: 220 hello
        C: AUTH TLS
        S: 234 go
        {handshake}
        C: USER anonymous
        S: 230 in
        C: PBSZ 0
        S: 200 ok
        C: PROT P
        S: 200 private
        C: FEAT
        S: 211-Features
        S:  X
        S: 211 End
        C: TYPE I
        S: 200 binary

        """;

    private static FtpClientOptions CreateTlsOptions(
        ScriptedPeer peer, Func<FtpServerIdentity, CancellationToken, ValueTask<bool>> decide) =>
        peer.Options with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { ValidateAsync = decide } };
}
