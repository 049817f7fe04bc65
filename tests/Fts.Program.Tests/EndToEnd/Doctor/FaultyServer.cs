using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Fts.ProgramTests.EndToEnd.Doctor;

/// <summary>
/// A server with the faults of a test. It accepts every login, and sends a listing over passive data connections, with TLS if it has a
/// certificate. Verbs that it does not know get 502.
/// </summary>
internal sealed class FaultyServer : IDisposable
{
    private const string Listing = "-rw-r--r-- 1 a a 5 Jan  2 03:04 a.txt\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0), _data = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _fillers = [];
    private readonly List<string> _commands = [];

    private FaultyServer()
    {
        _listener.Start();
        _data.Start();
    }

    /// <summary>Replies by verb, instead of the default replies.</summary>
    public Dictionary<string, string> Replies { get; init; } = [];

    /// <summary>The greeting; null to send none.</summary>
    public string? Greeting { get; init; } = "220 ready";

    /// <summary>Whether the server offers TLS, without resumption of sessions.</summary>
    public bool HasTls { get; init; }

    public int Port => GetPort(_listener);

    public int DataPort => GetPort(_data);

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>The verbs of all connections so far.</summary>
    public string[] Verbs
    {
        get
        {
            lock (_commands)
            {
                return [.. _commands];
            }
        }
    }

    public static FaultyServer Start(
        Dictionary<string, string>? replies = null, string? greeting = "220 ready", bool hasTls = false)
    {
        var server = new FaultyServer { Replies = replies ?? [], Greeting = greeting, HasTls = hasTls };
        _ = server.ServeAsync();
        return server;
    }

    /// <summary>
    /// Returns a port that does not respond to connections, as behind a firewall: Linux discards further connections if the queue of a
    /// listener is full.
    /// </summary>
    public int OpenSilentPort()
    {
        var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(0);
        _fillers.Add(silent);
        int port = ((IPEndPoint)silent.LocalEndPoint!).Port;
        var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        filler.Connect(IPAddress.Loopback, port);
        _fillers.Add(filler);
        return port;
    }

    /// <summary>Returns a port that refuses connections.</summary>
    public static int FindClosedPort()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = GetPort(listener);
        listener.Stop();
        return port;
    }

    /// <summary>Returns the reply to PASV with an address and a port.</summary>
    public static string FormatPassiveReply(string address, int port) =>
        $"227 Entering Passive Mode ({address.Replace('.', ',')},{port >> 8},{port & 255})";

    public void Dispose()
    {
        _listener.Dispose();
        _data.Dispose();
        _fillers.ForEach(filler => filler.Dispose());
    }

    private static int GetPort(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private async Task ServeAsync()
    {
        using X509Certificate2 certificate = CreateCertificate();
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptSocketAsync(), certificate);
        }
    }

    private async Task ServeAsync(Socket socket, X509Certificate2 certificate)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (Greeting is null)
            {
                await stream.ReadExactlyAsync(new byte[1]); // throws when the client closes the connection
                return;
            }

            await WriteLineAsync(stream, Greeting);
            bool isEncrypted = false;
            while (await ReadLineAsync(stream) is { } line)
            {
                string verb = line.Split(' ')[0];
                lock (_commands)
                {
                    _commands.Add(verb);
                }

                if (verb == "LIST" && !Replies.ContainsKey(verb))
                {
                    await WriteLineAsync(stream, "150 here");
                    await SendListingAsync(isEncrypted ? certificate : null);
                }

                await WriteLineAsync(stream, Replies.GetValueOrDefault(verb) ?? GetReply(line));
                if (verb == "AUTH" && HasTls)
                {
                    stream = await EncryptAsync(stream, certificate);
                    isEncrypted = true;
                }
            }
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException or ObjectDisposedException)
        {
            // The client closed the connection.
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private string GetReply(string line) => line.Split(' ')[0] switch
    {
        "USER" => "331 name okay",
        "PASS" => "230 logged in",
        "EPSV" => $"229 ok (|||{DataPort}|)",
        "PASV" => FormatPassiveReply("127.0.0.1", DataPort),
        "LIST" => "226 done",
        "REST" => "350 ok",
        "TYPE" or "NOOP" or "PBSZ" or "PROT" => "200 ok",
        "QUIT" => "221 bye",
        "AUTH" when HasTls => "234 ok",
        _ => "502 not implemented",
    };

    private async Task SendListingAsync(X509Certificate2? certificate)
    {
        Stream stream = new NetworkStream(await _data.AcceptSocketAsync(), ownsSocket: true);
        stream = certificate is null ? stream : await EncryptAsync(stream, certificate);
        await using (stream)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Listing));
            if (stream is SslStream tls)
            {
                await tls.ShutdownAsync();
            }
        }
    }

    private static async Task<Stream> EncryptAsync(Stream plain, X509Certificate2 certificate)
    {
        var tls = new SslStream(plain);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, AllowTlsResume = false });
        return tls;
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(100));
    }

    private static Task WriteLineAsync(Stream stream, string line) => stream.WriteAsync(Encoding.UTF8.GetBytes($"{line}\r\n")).AsTask();

    /// <summary>Reads a line byte by byte, so that no byte of a TLS handshake is read.</summary>
    private static async Task<string?> ReadLineAsync(Stream stream)
    {
        var line = new List<byte>();
        byte[] next = new byte[1];
        while (await stream.ReadAsync(next) == 1)
        {
            if (next[0] == '\n')
            {
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            }

            line.Add(next[0]);
        }

        return null;
    }
}
