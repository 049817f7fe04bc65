using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>Connections that end early: partial uploads are not published, and the session continues if its control connection is
/// open.</summary>
public sealed class LostConnectionTests
{
    private const string Upload = """
        C: EPSV
        S: 229 *
        C: STOR a
        S: 150 *
        D+ new but not whole
        """;

    private const string ExistingFileIsUnchanged = """
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< old
        S: 226 *
        """;

    [Theory, OnEveryWire]
    public async Task Losing_the_control_connection_does_not_publish_the_upload(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        Conversation client = await server.LogInAsync();
        await client.PlayAsync(Upload);
        client.CloseSending();
        await client.Data!.ReadUntilClosedAsync();
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        await client.DisposeAsync();
        Assert.Equal("old", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task An_upload_of_a_killed_client_is_not_published(Wire wire)
    {
        // The kernel closes the connections of a killed process without a reset: first the control connection, then the data connection.
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        for (int i = 1; i <= 30; i++)
        {
            Conversation client = await server.LogInAsync();
            await client.PlayAsync(Upload);
            client.CloseSending();
            client.CloseData();
            await server.Log.WaitForAsync(RecordingLogger.Disconnected, i);
            await client.DisposeAsync();
            Assert.Equal("old", await server.ReadAsync("/a"));
        }
    }

    [Theory, OnEveryWire]
    public async Task A_reset_data_connection_does_not_publish_the_upload(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await server.PlayAsync($"""
            {Upload}
            D: reset
            S: 426 *
            {ExistingFileIsUnchanged}
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_data_connection_closed_by_the_client_ends_the_download(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await server.WriteAsync("/large", new byte[32 * 1024 * 1024]);
        await server.PlayAsync($"""
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            D: begin
            D: close
            S: 426 Transfer failed: the client closed the data connection.
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            D: reset
            S: 426 *
            {ExistingFileIsUnchanged}
            """);
    }

    [Theory, OnEveryWire]
    public async Task Losing_the_control_connection_ends_the_download(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.WriteAsync("/large", new byte[32 * 1024 * 1024]);
        Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            """);
        client.CloseSending();
        await server.Log.WaitForAsync(RecordingLogger.TransferFailed);
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        await client.DisposeAsync();
    }

    [Theory, OnEveryWire]
    public async Task Closing_the_control_connection_without_QUIT_ends_the_session(Wire wire)
    {
        await using TestServer server = new(wire);
        Conversation client = await server.LogInAsync();
        await client.DisposeAsync();
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Equal(0, server.SessionCount);
    }
}
