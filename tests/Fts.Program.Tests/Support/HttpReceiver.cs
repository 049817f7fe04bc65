using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace Fts.ProgramTests.Support;

/// <summary>A request that <see cref="HttpReceiver"/> received.</summary>
internal sealed record ReceivedRequest(string FirstLine, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>An HTTP server on a free loopback port. It answers each request with the next response, the last one again.</summary>
internal sealed class HttpReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<ReceivedRequest> _requests = Channel.CreateUnbounded<ReceivedRequest>();
    private readonly X509Certificate2? _certificate;
    private readonly string[] _responses;
    private readonly Task _serving;
    private int _answered;

    /// <summary>Starts the server.</summary>
    /// <param name="certificate">The certificate for HTTPS, or null for HTTP.</param>
    /// <param name="responses">The status lines, and further headers if needed, without the line end.</param>
    public HttpReceiver(X509Certificate2? certificate, params string[] responses)
    {
        (_certificate, _responses) = (certificate, responses);
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The number of received requests.</summary>
    public int Count => Volatile.Read(ref _answered);

    public async Task<ReceivedRequest> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        return await _requests.Reader.ReadAsync(deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                return;
            }

            using (client)
            {
                try
                {
                    await AnswerAsync(client.GetStream());
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client closed the connection, for example because it does not trust the certificate.
                }
            }
        }
    }

    private async Task AnswerAsync(Stream stream)
    {
        if (_certificate is not null)
        {
            var encrypted = new SslStream(stream);
            await encrypted.AuthenticateAsServerAsync(_certificate);
            stream = encrypted;
        }

        var received = new List<byte>();
        while (!EndsWithEmptyLine(received))
        {
            received.Add((byte)await ReadByteAsync(stream));
        }

        string[] lines = Encoding.ASCII.GetString([.. received]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        byte[] body = new byte[int.Parse(headers["Content-Length"], System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        string response = _responses[Math.Min(_answered, _responses.Length - 1)];
        Interlocked.Increment(ref _answered);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {response}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        await stream.FlushAsync();
        _requests.Writer.TryWrite(new ReceivedRequest(lines[0], headers, body));
    }

    private static bool EndsWithEmptyLine(List<byte> bytes) => bytes is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'];

    private static async Task<int> ReadByteAsync(Stream stream)
    {
        byte[] one = new byte[1];
        await stream.ReadExactlyAsync(one);
        return one[0];
    }
}
