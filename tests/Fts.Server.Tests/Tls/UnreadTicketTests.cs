using System.Security.Authentication;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>
/// Clients that close the data connection of an upload without reading from it, for example Go's TLS. Unread session tickets would turn
/// that close into a reset, which discards the end of the upload. The server therefore sends nothing before it has received the client's
/// close_notify.
/// </summary>
public sealed class UnreadTicketTests
{
    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    /// <summary>The sizes of the uploads. The largest does not fit into the socket buffers.</summary>
    public static MatrixTheoryData<SslProtocols, int> VersionsAndSizes =>
        new([SslProtocols.Tls12, SslProtocols.Tls13], [0, 1, 64 * 1024, 50 * 1024 * 1024]);

    [Theory, MemberData(nameof(VersionsAndSizes))]
    public async Task An_upload_is_complete_even_if_the_client_never_reads(SslProtocols version, int size)
    {
        byte[] content = CreateContent(size);
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.OpenDataAsync();
        await client.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await client.Data!.SendAsync(content);
        await client.Data.CloseUnreadAsync();
        await client.PlayAsync($"S: 226 Transfer complete, {size} bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Bytes_in_the_clients_send_buffer_arrive_after_it_has_closed(SslProtocols version)
    {
        // More bytes than the server's buffers hold while its store is blocked, but fewer than the client's buffers hold.
        byte[] content = CreateContent(160 * 1024);
        var closed = new TaskCompletionSource();
        var store = new HookedStore { BeforeWrite = cancellationToken => closed.Task.WaitAsync(cancellationToken) };
        await using TestServer server = CreateServer(store);
        await using Conversation client = await SecureAsync(server, version);
        await client.OpenDataAsync();
        await client.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await client.Data!.SendAsync(content);
        await client.Data.CloseUnreadAsync();
        closed.SetResult();
        await client.PlayAsync("S: 226 Transfer complete, 163840 bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task The_server_sends_nothing_while_it_receives(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ content
            """);
        await client.WaitUntilReceivedAsync(7);
        Assert.Equal(0, client.Data!.Unread);
        await client.PlayAsync("""
            D> 
            S: 226 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_compressed_upload_is_complete_even_if_the_client_never_reads(SslProtocols version)
    {
        byte[] content = CreateContent(8 * 1024 * 1024);
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: MODE Z
            S: 200 *
            """);
        await client.OpenDataAsync();
        await client.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await client.Data!.SendAsync(Zlib.Compress(content));
        await client.Data.CloseUnreadAsync();
        await client.PlayAsync("S: 226 Transfer complete, 8388608 bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task An_upload_in_block_mode_is_complete_even_if_the_client_never_reads(SslProtocols version)
    {
        byte[] content = CreateContent(8 * 1024 * 1024);
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: MODE B
            S: 200 *
            """);
        await client.OpenDataAsync();
        await client.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await client.Data!.SendAsync(Blocks.Encode(content));
        await client.Data.CloseUnreadAsync();
        await client.PlayAsync("S: 250 Transfer complete, 8388608 bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    /// <summary>In block mode, one connection transfers in both directions. The tickets are sent with the first bytes of the
    /// server.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task One_block_mode_connection_transfers_uploads_and_downloads(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: MODE B
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            B> first
            S: 250 *
            C: RETR a
            S: 125 *
            B< first
            S: 250 *
            C: STOR a
            S: 125 *
            B> second
            S: 250 *
            C: RETR a
            S: 125 *
            B< second
            S: 250 *
            """);
    }

    /// <summary>.NET uses each ticket for one connection only, so that later uploads need the tickets of earlier ones.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task A_client_that_reads_to_the_end_resumes_after_each_of_many_uploads(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        for (int i = 0; i < 10; i++)
        {
            await client.PlayAsync("""
                C: EPSV
                S: 229 *
                C: STOR a
                S: 150 *
                D> content
                S: 226 *
                """);
        }
    }

    private static byte[] CreateContent(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    private static TestServer CreateServer(HookedStore? store = null) =>
        new(Wire.IPv4, store, options =>
            options with { Tls = new FtpTlsOptions { Certificates = TestServer.Certificates, DataBinding = FtpDataBinding.Require } });

    private static async Task<Conversation> SecureAsync(TestServer server, SslProtocols version)
    {
        Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C: AUTH TLS
            S: 234 *
            """);
        await client.StartTlsAsync(version);
        await client.PlayAsync("""
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: TYPE I
            S: 200 *
            C: PBSZ 0
            S: 200 *
            C: PROT P
            S: 200 *
            """);
        return client;
    }
}
