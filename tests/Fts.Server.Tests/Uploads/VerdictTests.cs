using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Uploads;

/// <summary>For each end of an upload: the publication, the reply, the log line and the partial upload.</summary>
public sealed class VerdictTests
{
    private const string Start = """
        C: EPSV
        S: 229 *
        C: STOR a
        S: 150 *
        D+ half
        """;

    /// <summary>The same in block mode, which uses only the portable copy engine.</summary>
    private const string BlockStart = """
        C: MODE B
        S: 200 *
        C: EPSV
        S: 229 *
        C: STOR a
        S: 150 *
        D+ \0\0\x04half
        """;

    private const string Announced = "C: ALLO 4\nS: 200 *\n";

    private static readonly Func<FtpServerOptions, FtpServerOptions> CompleteOnly = options =>
        options with { PublishPolicy = FtpPublishPolicy.CompleteOnly };

    [Theory, OnEveryWire]
    public Task An_upload_with_the_announced_size_is_complete(Wire wire) =>
        AssertUploadAsync(wire, $"{Announced}{Start}", "D> ", "S: 226 *", "complete", configure: CompleteOnly);

    [Theory, OnEveryWire]
    public Task Without_a_size_an_upload_is_unverified_in_plain_text_and_complete_over_tls(Wire wire) => AssertUploadAsync(
        wire, Start, "D> ", "S: 226 *", IsPlain(wire) ? "unverified" : "complete");

    [Theory, OnEveryWire]
    public Task CompleteOnly_rejects_an_upload_without_a_size_in_plain_text(Wire wire) => AssertUploadAsync(
        wire, Start, "D> ", IsPlain(wire) ? "S: 550 * Kept 4 bytes; send REST 4 to resume." : "S: 226 *", IsPlain(wire) ? "unverified"
            : "complete",
        isPublished: !IsPlain(wire), configure: CompleteOnly);

    [Theory, OnEveryWire]
    public Task The_end_of_a_compressed_stream_marks_a_complete_upload(Wire wire) => AssertUploadAsync(
        wire, "C: MODE Z\nS: 200 *\nC: EPSV\nS: 229 *\nC: STOR a\nS: 150 *", "Z> half", "S: 226 *", "complete", configure: CompleteOnly);

    [Theory, OnEveryWire]
    public Task The_last_block_marks_a_complete_upload(Wire wire) => AssertUploadAsync(
        wire, "C: MODE B\nS: 200 *\nC: EPSV\nS: 229 *\nC: STOR a\nS: 150 *", "B> half", "S: 250 *", "complete", configure: CompleteOnly);

    [Theory, OnEveryWire]
    public Task Fewer_bytes_than_announced_are_not_published(Wire wire) => AssertUploadAsync(
        wire, $"C: ALLO 5\nS: 200 *\n{Start}", "D> ", "S: 451 * Kept 4 bytes; send REST 4 to resume.", "size differs from ALLO",
        isPublished: false);

    [Theory, OnEveryWire]
    public Task Fewer_bytes_than_announced_are_not_published_after_a_last_block(Wire wire) => AssertUploadAsync(
        wire, "C: MODE B\nS: 200 *\nC: ALLO 5\nS: 200 *\nC: EPSV\nS: 229 *\nC: STOR a\nS: 150 *", "B> half",
        "S: 451 * Kept 4 bytes; send REST 4 to resume.",
        "size differs from ALLO", isPublished: false);

    [Theory, OnEveryWire]
    public Task More_bytes_than_announced_are_neither_published_nor_kept(Wire wire) => AssertUploadAsync(
        wire, $"C: ALLO 3\nS: 200 *\n{Start}", "D> ", "S: 451 The size differs *stored.", "size differs from ALLO", isPublished: false,
        kept: 0);

    [Theory, OnEveryWire]
    public Task An_upload_after_a_reset_is_not_published(Wire wire) => AssertInterruptedAsync(
        wire, "D: reset", "S: 426 Transfer failed: the client closed the data connection. Kept 4 bytes; send REST 4 to resume.",
        "failed after 4 bytes: the client closed the data connection");

    [Theory, OnEveryWire]
    public Task An_upload_aborted_by_ABOR_is_not_published(Wire wire) => AssertInterruptedAsync(
        wire, "C: ABOR", "S: 426 * Kept 4 bytes; send REST 4 to resume.\nS: 226 *", "failed after 4 bytes: the client sent ABOR");

    [Theory, OnEveryWire]
    public Task A_stalled_upload_is_not_published(Wire wire) => AssertInterruptedAsync(
        wire, "", "S: 426 * Kept 4 bytes; send REST 4 to resume.", "failed after 4 bytes: no data was transferred for 0.001 s",
        configure: options => options with { StallTimeout = TimeSpan.FromMilliseconds(1) });

    [Theory, OnEveryWire]
    public Task An_upload_with_a_lost_control_connection_is_not_published(Wire wire) => AssertInterruptedAsync(
        wire, async (_, client) =>
        {
            client.CloseSending();
            await client.Data!.ReadUntilClosedAsync();
        }, null, "failed after 4 bytes: the control connection was closed");

    [Theory, OnEveryWire]
    public async Task An_upload_during_a_stop_is_not_published(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync(Start);
        await client.WaitUntilReceivedAsync(4);
        await server.StopImmediatelyAsync();
        Assert.Null(await server.ReadAsync("/a"));
        Assert.Equal(4, (await server.GetPartialUploadAsync("/a", wire))?.Length);
    }

    [Theory, OnEveryWire]
    public Task Quit_during_the_data_prevents_publication_in_plain_text_and_waits_for_close_notify_over_tls(Wire wire) => AssertUploadAsync(
        wire, Start, async (server, client) =>
        {
            await client.SendAsync("QUIT");
            await server.Log.WaitForAsync(RecordingLogger.QuitDuringTransfer);
            await FinishAsync(client);
        }, IsPlain(wire) ? "S: 426 * Kept 4 bytes; send REST 4 to resume.\nS: 221 *" : "S: 226 *\nS: 221 *",
        IsPlain(wire) ? "the client sent QUIT before the end of the data" : "complete", isPublished: !IsPlain(wire));

    [Theory, OnEveryWire]
    public Task A_pipelined_QUIT_lets_the_transfer_end(Wire wire) => AssertUploadAsync(
        wire, "C: EPSV\nS: 229 *\nC> STOR a\\r\\nQUIT\\r\\n\nS: 150 *", "D> half", "S: 226 *\nS: 221 *", IsPlain(wire) ? "unverified"
            : "complete");

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_pipelined_QUIT_lets_the_transfer_end_if_data_arrives_before_it_is_read(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            D+ half
            C> STOR a\r\nQUIT\r\n
            S: 150 *
            D>
            S: 226 *
            S: 221 *
            """);
        Assert.Equal("half", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public Task No_partial_upload_is_kept_if_the_lifetime_is_zero(Wire wire) => AssertInterruptedAsync(
        wire, "D: reset", "S: 426 Transfer failed: the client closed the data connection.", "failed after", kept: 0,
        configure: options => options with { PartialUploadLifetime = TimeSpan.Zero });

    private static Task AssertInterruptedAsync(
        Wire wire, string end, string reply, string logged, long? kept = null,
        Func<FtpServerOptions, FtpServerOptions>? configure = null) =>
        AssertInterruptedAsync(wire, (_, client) => client.PlayAsync(end), reply, logged, kept, configure);

    /// <summary>Interrupts the upload in stream mode and in block mode.</summary>
    private static Task AssertInterruptedAsync(
        Wire wire, Func<TestServer, Conversation, Task> end, string? reply, string logged, long? kept = null,
        Func<FtpServerOptions, FtpServerOptions>? configure = null) =>
        Task.WhenAll(AssertUploadAsync(wire, Start, end, reply, logged, isPublished: false, kept, configure),
            AssertUploadAsync(wire, BlockStart, end, reply, logged, isPublished: false, kept, configure));

    private static Task AssertUploadAsync(
        Wire wire, string start, string end, string reply, string logged, bool isPublished = true, long? kept = null,
        Func<FtpServerOptions, FtpServerOptions>? configure = null) =>
        AssertUploadAsync(wire, start, (_, client) => client.PlayAsync(end), reply, logged, isPublished, kept, configure);

    /// <summary>
    /// Uploads four bytes over an existing file. If the upload is not published, a partial upload is expected by default.
    /// </summary>
    private static async Task AssertUploadAsync(
        Wire wire, string start, Func<TestServer, Conversation, Task> end, string? reply, string logged, bool isPublished = true,
        long? kept = null,
        Func<FtpServerOptions, FtpServerOptions>? configure = null)
    {
        await using TestServer server = new(wire, configure: configure);
        await server.WriteAsync("/a", "old");
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync(start);
        if (start.Contains("D+ ", StringComparison.Ordinal))
        {
            await client.WaitUntilReceivedAsync(4);
        }

        await end(server, client);
        await (reply is null ? server.Log.WaitForAsync(RecordingLogger.Disconnected) : client.PlayAsync(reply));
        kept ??= isPublished ? 0 : 4;
        Assert.Equal(isPublished ? "half" : "old", await server.ReadAsync("/a"));
        Assert.Equal(kept, (await server.GetPartialUploadAsync("/a", wire))?.Length ?? 0);
        Assert.Contains(server.Log.Texts, text => text.Contains(logged, StringComparison.Ordinal));
    }

    private static async Task FinishAsync(Conversation client)
    {
        await client.Data!.FinishAsync();
        client.CloseData();
    }

    private static bool IsPlain(Wire wire) => wire.Tls() is null;
}
