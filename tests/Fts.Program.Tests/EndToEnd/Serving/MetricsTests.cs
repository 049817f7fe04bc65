using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Metrics and traces of <c>fts server</c>.</summary>
public sealed class MetricsTests : IDisposable
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_endpoint_serves_the_metrics_of_transfers_and_of_the_process()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--metrics", "0");
        Uri url = GetUrl(server);
        Assert.Equal("127.0.0.1", url.Host);
        _folder.Write("a.txt", "12345");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put a.txt")).Code);
        File.Delete(_folder["a.txt"]);
        Assert.Equal(0, (await server.RunClientAsync(_folder, "get a.txt")).Code);
        using var http = new HttpClient();
        HttpResponseMessage response = await http.GetAsync(url, Token);
        Assert.Equal(MediaTypeHeaderValue.Parse("text/plain; version=0.0.4; charset=utf-8"), response.Content.Headers.ContentType);
        string[] lines = (await response.Content.ReadAsStringAsync(Token)).Split('\n');
        foreach (string line in (string[])
            ["# TYPE fts_server_sessions gauge", "# TYPE fts_server_transfers_total counter",
                """fts_server_transfers_total{direction="download",result="complete"} 1""",
                """fts_server_transfers_total{direction="upload",result="complete"} 1""",
                """fts_server_transferred_bytes_total{direction="upload"} 5""",
                """fts_server_logins_total{result="success"} 2""",
                """fts_server_transfer_duration_seconds_bucket{direction="upload",le="+Inf"} 1""",
                """fts_server_transfer_duration_seconds_count{direction="upload"} 1"""])
        {
            Assert.Contains(line, lines);
        }

        Assert.Contains(lines, line => line.StartsWith("process_resident_memory_bytes ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("process_open_fds ", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Matches("""^(# .*|[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.E+-]+|)$""", line));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ")]
    [InlineData("POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 ")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400 ")]
    public async Task Other_requests_are_refused(string request, string expected)
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--metrics", "127.0.0.1:0");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, GetUrl(server).Port, Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Token);
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith(expected, await reader.ReadToEndAsync(Token).WaitAsync(Deadline.Default, Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--metrics", "x")]
    [InlineData("--metrics", "127.0.0.1")]
    [InlineData("--metrics", "127.0.0.1:70000")]
    [InlineData("--otlp", "127.0.0.1:4318")]
    public async Task An_invalid_value_is_a_usage_error(string option, string value)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", option, value]);
        Assert.Equal(2, code);
        Assert.Contains($"{option} {value}: must be", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_and_traces_are_sent_to_a_collector()
    {
        (HttpListener collector, int port) = StartCollector();
        using HttpListener owned = collector;
        await using RunningServer server = await RunningServer.StartAsync("0", "--otlp", $"http://127.0.0.1:{port}");
        _folder.Write("secret.txt", "12345");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put secret.txt")).Code);
        Task<int> exit = StopAsync(server);
        var bodies = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!bodies.ContainsKey("/v1/metrics") || !bodies.ContainsKey("/v1/traces"))
        {
            HttpListenerContext context = await collector.GetContextAsync().WaitAsync(Deadline.Default, Token);
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body, Token);
            bodies[context.Request.Url!.AbsolutePath] = Encoding.Latin1.GetString(body.ToArray());
            context.Response.Close();
        }

        Assert.Equal(0, await exit);
        Assert.Contains("fts.server.transfers", bodies["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("ftp.transfer", bodies["/v1/traces"], StringComparison.Ordinal);
        Assert.DoesNotContain("secret.txt", string.Concat(bodies.Values), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_is_not_reachable_does_not_disturb_the_server()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--otlp", "http://127.0.0.1:1");
        _folder.Write("a.txt", "12345");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put a.txt")).Code);
        Assert.Equal(0, await StopAsync(server));
    }

    private static async Task<int> StopAsync(RunningServer server)
    {
        server.Program.SendSignal(15);
        return await server.Program.WaitForExitAsync();
    }

    private static Uri GetUrl(RunningServer server) =>
        new(Regex.Match(server.Program.Messages, @"metrics   (http://\S+/metrics)").Groups[1].Value);

    /// <summary>Starts a listener. It cannot choose a free port by itself.</summary>
    private static (HttpListener Listener, int Port) StartCollector()
    {
        while (true)
        {
            int port = Random.Shared.Next(15_000, 32_000);
            var listener = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
            try
            {
                listener.Start();
                return (listener, port);
            }
            catch (HttpListenerException)
            {
                listener.Close(); // the port is in use: try another
            }
        }
    }
}
