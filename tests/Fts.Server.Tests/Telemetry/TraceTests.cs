using System.Collections.Concurrent;
using System.Diagnostics;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Telemetry;

/// <summary>The spans of the activity source Fts.Server.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task Each_login_and_transfer_has_a_span_without_names()
    {
        await using TestServer server = await TestServer.WithAsync(Wire.IPv4, ("/secret", "content"));
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Fts.Server",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.GetTagItem("server.port") is int port && port == server.PlainEndPoint.Port)
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR secret
            S: 150 *
            D< content
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR missing
            S: 550 *
            """);
        string[] lines = [.. spans.Select(span =>
            $"{span.DisplayName} {span.Status} {string.Join(' ', span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"))}")];
        string common = $"ftp.session=1 client.address=127.0.0.1 server.port={server.PlainEndPoint.Port} tls.protocol=plain";
        Assert.Equal(
            [
                $"ftp.login Unset ftp.command=PASS {common} ftp.reply.code=230",
                $"ftp.transfer Unset ftp.command=RETR {common} ftp.reply.code=226 ftp.transfer.direction=download " +
                    "ftp.transfer.bytes=7 ftp.transfer.result=complete",
                $"ftp.transfer Error ftp.command=RETR {common} ftp.reply.code=550 ftp.transfer.direction=download " +
                    "ftp.transfer.bytes=0 ftp.transfer.result=refused",
            ],
            lines);
    }
}
