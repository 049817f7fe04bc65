using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Uploads;

/// <summary>Partial uploads and how clients resume them.</summary>
public sealed class ResumeTests
{
    private const string InterruptUpload = """
        C: EPSV
        S: 229 *
        C: ALLO 9
        S: 200 *
        C: STOR a
        S: 150 *
        D> begun
        S: 451 * Kept 5 bytes; send REST 5 to resume.
        """;

    [Theory, OnEveryWire]
    public async Task REST_and_STOR_resume_at_the_offset_from_SIZE(Wire wire) => await InterruptAndPlayAsync(wire, "begun end", """
        C: SIZE a
        S: 213 5
        C: REST 5
        S: 350 *
        C: EPSV
        S: 229 *
        C: STOR a
        S: 150 *
        D>  end
        S: 226 *
        C: SIZE a
        S: 213 9
        """);

    [Theory, OnEveryWire]
    public async Task A_client_that_reconnects_immediately_resumes_the_upload_that_is_still_being_kept(Wire wire)
    {
        var store = new HookedStore();
        TaskCompletionSource keeping = new(TaskCreationOptions.RunContinuationsAsynchronously), kept = new();
        store.BeforeKeep = _ =>
        {
            keeping.TrySetResult();
            return kept.Task;
        };
        await using TestServer server = new(wire, store);
        await using Conversation interrupted = await server.LogInAsync();
        await interrupted.PlayAsync("C: ALLO 9\nS: 200 *");
        DataPeer data = await interrupted.OpenDataAsync();
        await interrupted.PlayAsync("C: STOR a\nS: 150 *");
        await data.SendAsync("begun"u8.ToArray());
        interrupted.CloseData();
        await keeping.Task.WithDeadline();
        await using Conversation client = await server.LogInAsync();
        Task<string[]> size = client.SendAndReadReplyAsync("SIZE a");
        await using (Conversation other = await server.LogInAsync())
        {
            kept.SetResult(); // SIZE has probably been read; without the wait its reply would be 550
        }

        Assert.Equal(["213 5"], await size.WithDeadline());
    }

    [Theory, OnEveryWire]
    public async Task APPE_resumes_an_upload(Wire wire) => await InterruptAndPlayAsync(wire, "begun end", """
        C: EPSV
        S: 229 *
        C: ALLO 4
        S: 200 *
        C: APPE a
        S: 150 *
        D>  end
        S: 226 *
        """);

    [Theory, OnEveryWire]
    public async Task A_resumed_upload_can_be_interrupted_again(Wire wire) => await InterruptAndPlayAsync(wire, "begun end", """
        C: REST 3
        S: 350 *
        C: EPSV
        S: 229 *
        C: ALLO 9
        S: 200 *
        C: STOR a
        S: 150 *
        D> un 
        S: 451 * Kept 6 bytes; send REST 6 to resume.
        C: REST 6
        S: 350 *
        C: EPSV
        S: 229 *
        C: ALLO 9
        S: 200 *
        C: STOR a
        S: 150 *
        D> end
        S: 226 *
        """);

    [Theory, OnEveryWire]
    public async Task An_offset_beyond_the_partial_upload_is_rejected_before_the_transfer(Wire wire) => await InterruptAndPlayAsync(wire, "begun", """
        C: REST 6
        S: 350 *
        C: EPSV
        S: 229 *
        C: STOR a
        S: 554 *
        C: REST 5
        S: 350 *
        C: STOR a
        S: 150 *
        D> 
        S: 226 *
        """);

    [Theory, OnEveryWire]
    public async Task Until_the_commit_all_other_commands_report_the_existing_file(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await server.PlayAsync($"""
            {InterruptUpload}
            C: MLST a
            S: 250-*
            S:  *size=3;*
            S: 250 *
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            L< a
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< old
            S: 226 *
            C: MDTM a
            S: 213 *
            C: HASH a
            S: 213 SHA-256 0-2 *
            C: SIZE a
            S: 213 5
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_download_after_SIZE_of_a_partial_upload_is_rejected_once(Wire wire)
    {
        // curl reads no more bytes than SIZE reported and treats the file as complete.
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "the old file"));
        await server.PlayAsync($"""
            {InterruptUpload}
            C: SIZE a
            S: 213 5
            C: EPSV
            S: 229 *
            C: RETR a
            S: 450 The last SIZE reply was for your partial upload, not for this file. Send MLST for the size, then RETR again.
            C: SIZE a
            S: 550 *
            C: RETR a
            S: 150 *
            D< the old file
            S: 226 *
            """);
        await server.PlayAsync($"""
            C: SIZE a
            S: 550 *
            C: REST 5
            S: 350 *
            C: EPSV
            S: 229 *
            C: ALLO 1
            S: 200 *
            C: STOR a
            S: 150 *
            D> 
            S: 451 *
            C: SIZE a
            S: 213 5
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_download_after_SIZE_of_a_stalled_upload_is_rejected_once(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { UploadTakeoverDelay = TimeSpan.Zero });
        await server.WriteAsync("/a", "the old file");
        await using Conversation first = await server.LogInAsync();
        await first.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *\nD+ first");
        await first.WaitUntilReceivedAsync(5);
        await server.PlayAsync("""
            C: SIZE a
            S: 213 5
            C: EPSV
            S: 229 *
            C: RETR a
            S: 450 The last SIZE reply was for your partial upload, not for this file. Send MLST for the size, then RETR again.
            C: RETR a
            S: 150 *
            D< the old file
            S: 226 *
            """);
    }

    [Fact]
    public async Task Other_clients_cannot_see_a_partial_upload()
    {
        await using TestServer server = await TestServer.WithAsync(Wire.IPv4, ("/a", "the old file"));
        await server.PlayAsync(InterruptUpload);
        await using Conversation other = await server.LogInAsync(from: System.Net.IPAddress.Parse("127.0.0.2"));
        await other.PlayAsync("""
            C: SIZE a
            S: 213 12
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< the old file
            S: 226 *
            C: EPSV
            S: 229 *
            C: APPE a
            S: 150 *
            D>  and more
            S: 226 *
            """);
        Assert.Equal("the old file and more", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public Task STOR_from_the_beginning_discards_the_partial_upload(Wire wire) => InterruptAndPlayAsync(wire, "new", """
        C: EPSV
        S: 229 *
        C: STOR a
        S: 150 *
        D> new
        S: 226 *
        C: SIZE a
        S: 213 3
        """);

    [Theory, OnEveryWire]
    public Task DELE_discards_the_partial_upload(Wire wire) => InterruptAndPlayAsync(wire, null, """
        C: DELE a
        S: 250 *
        C: SIZE a
        S: 550 *
        C: DELE a
        S: 550 *
        """);

    [Theory, OnEveryWire]
    public async Task A_failed_data_connection_does_not_affect_the_partial_upload(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { DataConnectionTimeout = TimeSpan.FromSeconds(1) });
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync(InterruptUpload);
        client.ConnectsLate = true;
        await client.PlayAsync("""
            C: REST 2
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            S: 425 *
            C: SIZE a
            S: 213 5
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_running_upload_cannot_be_resumed_but_can_be_restarted(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { UploadTakeoverDelay = TimeSpan.FromDays(1) });
        await using Conversation first = await server.LogInAsync();
        await first.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *\nD+ first");
        await first.WaitUntilReceivedAsync(5);
        await server.PlayAsync("""
            C: SIZE a
            S: 550 *
            C: EPSV
            S: 229 *
            C: APPE a
            S: 450 *
            C: REST 2
            S: 350 *
            C: STOR a
            S: 450 *
            C: STOR a
            S: 150 *
            D> second
            S: 226 *
            """);
        Assert.Equal("second", await server.ReadAsync("/a"));
        await first.PlayAsync("D> \nS: 226 *");
        Assert.Equal("first", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task A_stalled_upload_is_aborted_when_the_client_resumes_it(Wire wire)
    {
        // A client reconnects after its connection failed unnoticed, while its old session still waits for data.
        await using TestServer server = new(wire, configure: options => options with { UploadTakeoverDelay = TimeSpan.Zero });
        await using Conversation first = await server.LogInAsync();
        await first.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *\nD+ first");
        await first.WaitUntilReceivedAsync(5);
        await server.PlayAsync("""
            C: SIZE a
            S: 213 5
            C: REST 5
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D>  and last
            S: 226 *
            """);
        await first.PlayAsync("S: 426 Transfer aborted: the client resumed the upload on another connection*");
        Assert.Equal("first and last", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task An_account_that_may_only_create_files_may_resume_its_uploads(Wire wire)
    {
        await using TestServer server =
            new(wire, configure: options => options with { Authenticator = new AnonymousAuthenticator(Permissions.Create) });
        await server.PlayAsync($"""
            {InterruptUpload}
            C: SIZE a
            S: 213 5
            C: REST 5
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D>  end
            S: 226 *
            C: SIZE a
            S: 550 *
            C: EPSV
            S: 229 *
            C: APPE a
            S: 550 *
            """);
        Assert.Equal("begun end", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task An_interrupted_upload_in_ASCII_is_not_kept(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayAsync("""
            C: TYPE A
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ one\r\n
            D: reset
            S: 426 Transfer failed: the client closed the data connection.
            C: TYPE I
            S: 200 *
            C: SIZE a
            S: 550 *
            """);
    }

    [Fact]
    public async Task Expired_partial_uploads_are_deleted_when_a_server_starts()
    {
        var store = new Storage.Memory.MemoryFileStore();
        StorePath path = StorePath.Root.Child("a");
        await using (IFileWriter upload = await store.OpenWriteAsync(path, WriteStart.Replace.WithUploader("ann"), CancellationToken.None))
        {
            await upload.WriteAsync(0, new byte[5], CancellationToken.None);
            await upload.KeepPartialUploadAsync(CancellationToken.None);
        }

        await using TestServer server = new(Wire.IPv4, store, options => options with { PartialUploadLifetime = TimeSpan.FromTicks(1) });
        await server.Log.WaitForAsync(RecordingLogger.PartialUploadsSwept);
        Assert.Null(await store.GetPartialUploadAsync(path, "ann", CancellationToken.None));
    }

    private static async Task InterruptAndPlayAsync(Wire wire, string? content, string script)
    {
        await using TestServer server = new(wire);
        await server.PlayAsync($"{InterruptUpload}\n{script}");
        Assert.Equal(content, await server.ReadAsync("/a"));
    }
}
