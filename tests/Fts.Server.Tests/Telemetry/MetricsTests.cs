using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Telemetry;

/// <summary>The instruments of the meter Fts.Server.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Transfers_logins_refusals_and_sessions_are_counted()
    {
        await using TestServer server = await TestServer.WithAsync(Wire.IPv4, ("/a", "content"));
        using var measurements = new RecordedMeasurements(server);
        await using (Conversation client = await server.LogInAsync())
        {
            await client.PlayAsync("""
                C: EPSV
                S: 229 *
                C: STOR b
                S: 150 *
                D> hello
                S: 226 *
                C: EPSV
                S: 229 *
                C: RETR a
                S: 150 *
                D< content
                S: 226 *
                C: EPSV
                S: 229 *
                C: RETR missing
                S: 550 *
                C: RMD /
                S: 550 *
                """);
            Assert.Contains("fts.server.sessions{} 1", measurements.Sums);
        }

        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Equal(
            [
                "fts.server.logins{result=success} 1",
                "fts.server.refusals{rule=store.denied} 1",
                "fts.server.refusals{rule=store.notFound} 1",
                "fts.server.sessions{} 0",
                "fts.server.transfer.duration{direction=download} 2",
                "fts.server.transfer.duration{direction=upload} 1",
                "fts.server.transferred{direction=download} 7",
                "fts.server.transferred{direction=upload} 5",
                "fts.server.transfers{direction=download,result=complete} 1",
                "fts.server.transfers{direction=download,result=refused} 1",
                "fts.server.transfers{direction=upload,result=complete} 1",
            ],
            measurements.Sums);
    }

    [Fact]
    public async Task Failed_logins_and_aborted_transfers_are_counted_by_result()
    {
        await using TestServer server = new(Wire.IPv4);
        using var measurements = new RecordedMeasurements(server);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER nobody
            S: 331 *
            C: PASS wrong
            S: 530 *
            """);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ first
            C: ABOR
            S: 426 *
            S: 226 *
            """);
        Assert.Contains("fts.server.logins{result=failure} 1", measurements.Sums);
        Assert.Contains("fts.server.transfers{direction=upload,result=aborted} 1", measurements.Sums);
    }

    [Theory]
    [InlineData(Wire.Tls12)]
    [InlineData(Wire.Tls13)]
    public async Task Handshakes_are_counted_by_connection_and_result(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "content"));
        using var measurements = new RecordedMeasurements(server);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< content
            S: 226 *
            """);
        Assert.Contains("fts.server.tls.handshakes{connection=control,result=success} 1", measurements.Sums);
        Assert.Contains("fts.server.tls.handshakes{connection=data,result=success} 1", measurements.Sums);
    }
}
