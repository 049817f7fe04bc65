using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Fts.Accounts.Delivery;

namespace Fts.Serving.Delivery;

/// <summary>Sends events to a web hook. Thread-safe.</summary>
internal sealed class WebhookSender : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>After this time, the name of the host is resolved again.</summary>
    private static readonly TimeSpan MaxConnectionAge = TimeSpan.FromMinutes(2);

    private readonly Uri _url;
    private readonly byte[] _secret;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;

    /// <summary>Creates the sender. Certificates of servers are verified with the authorities of the system.</summary>
    public WebhookSender(Uri url, byte[] secret, TimeProvider clock)
    {
        (_url, _secret, _clock) = (url, secret, clock);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // the signature is meant for this address
            UseCookies = false,
            PooledConnectionLifetime = MaxConnectionAge,
        })
        {
            Timeout = Timeout,
        };
    }

    /// <summary>
    /// Returns the value of <c>X-Fts-Signature</c>: the HMAC-SHA-256 of the time, a dot and the body, in hexadecimal digits.
    /// </summary>
    public static string Sign(byte[] secret, string timestamp, byte[] body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes(timestamp + "."));
        hash.AppendData(body);
        return "sha256=" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Posts an event once. A status from 200 to 299 means that the receiver accepted it.</summary>
    /// <exception cref="OperationCanceledException">The request was cancelled by <paramref name="cancellationToken"/>.</exception>
    public async Task<DeliveryResult> SendAsync(long id, string type, byte[] payload, CancellationToken cancellationToken)
    {
        string timestamp = _clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ByteArrayContent(payload) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("fts", null));
        request.Headers.Add("X-Fts-Event-Id", id.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("X-Fts-Event-Type", type);
        request.Headers.Add("X-Fts-Timestamp", timestamp);
        request.Headers.Add("X-Fts-Signature", Sign(_secret, timestamp, payload));
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode ? DeliveryResult.Delivered : new DeliveryResult(DescribeStatus(response.StatusCode));
        }
        catch (HttpRequestException e)
        {
            return new DeliveryResult(e.InnerException is { } cause ? $"{e.Message} {cause.Message}" : e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryResult(string.Create(CultureInfo.InvariantCulture, $"no response within {Timeout.TotalSeconds} s"));
        }
    }

    public void Dispose() => _client.Dispose();

    private static string DescribeStatus(HttpStatusCode status) => string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP status {(int)status}{((int)status is >= 300 and < 400 ? ", and redirects are not followed" : "")}");
}
