using System.Net.Security;
using System.Security.Authentication;
using Fts.Server.Data;
using Fts.Server.Tests.Support;
using Fts.Server.Tls;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Server.Tests.Tls;

/// <summary>The receiving side of a data connection over TLS, for all divisions of the records into segments.</summary>
public sealed class DataConnectionTlsTests
{
    private const int BufferBytes = 256 * 1024;

    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    public static MatrixTheoryData<SslProtocols, int, int> Divisions =>
        new([SslProtocols.Tls12, SslProtocols.Tls13], [1, 5, 1000, 16 * 1024, 1024 * 1024], [1, 700, 16 * 1024, 16 * 1024 + 1, 200_000]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Divisions))]
    public async Task Data_arrive_in_any_division(SslProtocols version, int segment, int write)
    {
        byte[] content = CreateContent(segment == 1 ? 40_000 : 500_000);
        await using Connection connection = await Connection.OpenAsync(version);
        foreach (byte[] bytes in content.Chunk(write).Take(2000))
        {
            await connection.Client.WriteAsync(bytes, Token);
        }

        content = content[..Math.Min(content.Length, 2000 * write)];
        await connection.Client.ShutdownAsync();
        connection.Deliver(connection.TakeSent(), segment);
        connection.Complete();
        Assert.Equal(content, await connection.ReadToEndAsync());
        Assert.False(connection.Server.EndedWithoutCloseNotify);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_read_returns_all_received_records_that_fit(SslProtocols version)
    {
        byte[] content = CreateContent(20 * 1000);
        await using Connection connection = await Connection.OpenAsync(version);
        foreach (byte[] bytes in content.Chunk(1000))
        {
            await connection.Client.WriteAsync(bytes, Token);
        }

        connection.Deliver(connection.TakeSent(), int.MaxValue);
        byte[] buffer = new byte[BufferBytes];
        Assert.Equal(content.Length, await connection.Server.ReadAsync(buffer, Token));
        Assert.Equal(content, buffer[..content.Length]);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_large_upload_is_returned_in_large_parts(SslProtocols version)
    {
        byte[] content = CreateContent(4 * 1024 * 1024);
        await using Connection connection = await Connection.OpenAsync(version);
        await connection.Client.WriteAsync(content, Token);
        await connection.Client.ShutdownAsync();
        connection.Deliver(connection.TakeSent(), int.MaxValue);
        Assert.Equal(content, await connection.ReadToEndAsync());
        Assert.InRange(connection.Reads, 16, 24);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Bytes_after_close_notify_are_ignored(SslProtocols version)
    {
        await using Connection connection = await Connection.OpenAsync(version);
        await connection.Client.WriteAsync("content"u8.ToArray(), Token);
        byte[] record = connection.TakeSent();
        await connection.Client.ShutdownAsync();
        connection.Deliver([.. record, .. connection.TakeSent(), .. record, .. "NOOP\r\n"u8], int.MaxValue);
        connection.Complete();
        Assert.Equal("content"u8.ToArray(), await connection.ReadToEndAsync());
        Assert.Equal(0, await connection.Server.ReadAsync(new byte[BufferBytes], Token));
        Assert.False(connection.Server.EndedWithoutCloseNotify);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task An_end_between_two_records_is_an_end_without_close_notify(SslProtocols version)
    {
        await using Connection connection = await Connection.OpenAsync(version);
        await connection.Client.WriteAsync("content"u8.ToArray(), Token);
        connection.Deliver(connection.TakeSent(), int.MaxValue);
        connection.Complete();
        Assert.Equal("content"u8.ToArray(), await connection.ReadToEndAsync());
        Assert.True(connection.Server.EndedWithoutCloseNotify);
    }

    /// <summary>The complete records before it are still returned, so that the upload can be resumed after them.</summary>
    [Theory]
    [InlineData(SslProtocols.Tls12, 1)]
    [InlineData(SslProtocols.Tls12, 100)]
    [InlineData(SslProtocols.Tls13, 4)]
    [InlineData(SslProtocols.Tls13, 100)]
    public async Task An_end_within_a_record_is_an_error_after_the_data_before_it(SslProtocols version, int received)
    {
        byte[] content = CreateContent(50_000);
        await using Connection connection = await Connection.OpenAsync(version);
        await connection.Client.WriteAsync(content, Token);
        byte[] records = connection.TakeSent();
        await connection.Client.WriteAsync(content.AsMemory(0, 1000), Token);
        connection.Deliver([.. records, .. connection.TakeSent().AsSpan(0, received)], int.MaxValue);
        connection.Complete();
        var taken = new List<byte>();
        await Assert.ThrowsAsync<DataConnectionException>(() => connection.ReadToEndAsync(taken));
        Assert.Equal(content, taken);
    }

    /// <summary>SslStream discards the records that it has read together with the damaged one.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task A_damaged_record_is_an_error_after_the_data_of_earlier_reads(SslProtocols version)
    {
        byte[] content = CreateContent(50_000);
        await using Connection connection = await Connection.OpenAsync(version);
        await connection.Client.WriteAsync(content, Token);
        byte[] records = connection.TakeSent();
        await connection.Client.WriteAsync(content.AsMemory(0, 1000), Token);
        byte[] damaged = connection.TakeSent();
        damaged[500] ^= 1;
        connection.Deliver([.. records, .. damaged], int.MaxValue);
        var taken = new List<byte>();
        await Assert.ThrowsAsync<IOException>(() => connection.ReadToEndAsync(taken));
        Assert.InRange(taken.Count, 32 * 1024, content.Length);
        Assert.Equal(content[..taken.Count], taken);
    }

    private static byte[] CreateContent(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    /// <summary>A client and the server's end of a data connection. The test delivers the bytes that the client has sent.</summary>
    private sealed class Connection : IAsyncDisposable
    {
        private readonly SegmentStream _serverWire = new(), _clientWire = new();
        private readonly List<byte> _sent = [];

        private Connection()
        {
            _clientWire.Sent = _serverWire.Deliver;
            _serverWire.Sent = _clientWire.Deliver;
            Client = new SslStream(_clientWire);
        }

        public SslStream Client { get; }

        public DataConnectionTls Server { get; private set; } = null!;

        /// <summary>The number of reads that returned bytes.</summary>
        public int Reads { get; private set; }

        public static async Task<Connection> OpenAsync(SslProtocols version)
        {
            var connection = new Connection();
            var tap = new TlsRecordStream(connection._serverWire);
            var server = new SslStream(tap);
            var serverOptions = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = TestServer.Certificates.GetCertificate(null, NullLogger.Instance).Context,
            };
            var clientOptions = new SslClientAuthenticationOptions
            {
                TargetHost = $"test-{Guid.NewGuid():N}",
                EnabledSslProtocols = version,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == $"CN={Environment.MachineName}",
            };
            await Task.WhenAll(
                server.AuthenticateAsServerAsync(serverOptions, Token), connection.Client.AuthenticateAsClientAsync(clientOptions, Token))
                .WithDeadline();
            connection.Server = new DataConnectionTls(server, tap);
            connection._clientWire.Sent = connection._sent.AddRange;
            return connection;
        }

        /// <summary>Returns the bytes that the client has sent since the last call.</summary>
        public byte[] TakeSent()
        {
            byte[] sent = [.. _sent];
            _sent.Clear();
            return sent;
        }

        public void Deliver(byte[] bytes, int segment)
        {
            foreach (byte[] part in bytes.Chunk(segment))
            {
                _serverWire.Deliver(part);
            }
        }

        public void Complete() => _serverWire.Complete();

        public async Task<byte[]> ReadToEndAsync()
        {
            var taken = new List<byte>();
            await ReadToEndAsync(taken);
            return [.. taken];
        }

        public async Task ReadToEndAsync(List<byte> taken)
        {
            byte[] buffer = new byte[BufferBytes];
            int read;
            while ((read = await Server.ReadAsync(buffer, Token).AsTask().WithDeadline()) > 0)
            {
                Reads++;
                taken.AddRange(buffer.AsSpan(0, read));
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Client.DisposeAsync();
        }
    }
}
