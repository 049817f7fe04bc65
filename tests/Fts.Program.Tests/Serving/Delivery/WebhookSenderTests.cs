using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fts.Accounts.Delivery;
using Fts.Authority;
using Fts.ProgramTests.Support;
using Fts.Serving.Delivery;

namespace Fts.ProgramTests.Serving.Delivery;

/// <summary>Requests to a web hook on loopback.</summary>
public sealed class WebhookSenderTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("correct horse battery staple");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_has_the_event_and_a_signature_of_time_and_body()
    {
        await using var receiver = new HttpReceiver(null, "204 No Content");
        Assert.Equal(DeliveryResult.Delivered, await SendAsync($"http://127.0.0.1:{receiver.Port}/hook?a=b"));
        ReceivedRequest request = await receiver.ReceiveAsync();
        Assert.Equal("POST /hook?a=b HTTP/1.1", request.FirstLine);
        Assert.Equal("{\"id\":1}", Encoding.UTF8.GetString(request.Body));
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        Assert.Equal("1", request.Headers["X-Fts-Event-Id"]);
        Assert.Equal("uploaded", request.Headers["X-Fts-Event-Type"]);
        Assert.Equal("1767225600", request.Headers["X-Fts-Timestamp"]);
        // printf '1767225600.{"id":1}' | openssl dgst -sha256 -hmac 'correct horse battery staple'
        Assert.Equal("sha256=5c29eb1b6471d09487734a2c70929131a3422d23fb07737fcf2489ffb5e6e858", request.Headers["X-Fts-Signature"]);
    }

    [Theory]
    [InlineData("200 OK", null)]
    [InlineData("400 Bad Request", "HTTP status 400")]
    [InlineData("503 Service Unavailable", "HTTP status 503")]
    public async Task Only_a_status_from_200_to_299_accepts_the_event(string response, string? error)
    {
        await using var receiver = new HttpReceiver(null, response);
        Assert.Equal(error, (await SendAsync($"http://127.0.0.1:{receiver.Port}/")).Error);
    }

    [Fact]
    public async Task A_redirect_is_a_failure_and_is_not_followed()
    {
        await using var other = new HttpReceiver(null, "200 OK");
        await using var receiver = new HttpReceiver(null, $"307 Temporary Redirect\r\nLocation: http://127.0.0.1:{other.Port}/");
        DeliveryResult result = await SendAsync($"http://127.0.0.1:{receiver.Port}/");
        Assert.Equal("HTTP status 307, and redirects are not followed", result.Error);
        Assert.Equal(0, other.Count);
    }

    [Fact]
    public async Task An_untrusted_certificate_is_a_failure_and_the_receiver_gets_nothing()
    {
        using X509Certificate2 certificate = new TestAuthority().IssueTo("127.0.0.1");
        await using var receiver = new HttpReceiver(certificate, "200 OK");
        DeliveryResult result = await SendAsync($"https://127.0.0.1:{receiver.Port}/");
        Assert.Contains("SSL", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, receiver.Count);
    }

    [Fact]
    public async Task A_closed_port_is_a_failure()
    {
        int port;
        await using (var closed = new HttpReceiver(null, "200 OK"))
        {
            port = closed.Port;
        }

        Assert.Contains("Connection refused", (await SendAsync($"http://127.0.0.1:{port}/")).Error, StringComparison.Ordinal);
    }

    private static async Task<DeliveryResult> SendAsync(string url)
    {
        using var sender = new WebhookSender(new Uri(url), Secret, new FixedClock());
        return await sender.SendAsync(1, "uploaded", Encoding.UTF8.GetBytes("{\"id\":1}"), Token);
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(1767225600);
    }
}
