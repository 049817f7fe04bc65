using System.Security.Authentication;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>
/// Clients that close an upload's data connection without reading from it: Go's TLS and others. Unread session tickets would turn that close into a reset, and
/// a reset discards the end of the upload. So the server sends nothing before it has read the client's close_notify.
/// </summary>
public sealed class UnreadTicketTests
{
    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    /// <summary>The largest does not fit into all socket buffers together.</summary>
    public static MatrixTheoryData<SslProtocols, int> VersionsAndSizes => new([SslProtocols.Tls12, SslProtocols.Tls13], [0, 1, 64 * 1024, 50 * 1024 * 1024]);

    [Theory, MemberData(nameof(VersionsAndSizes))]
    public async Task An_upload_is_whole_although_its_sender_never_reads(SslProtocols version, int size)
    {
        byte[] content = Content(size);
        await using TestServer server = Requiring();
        await using Conversation talk = await SecureAsync(server, version);
        await talk.OpenDataAsync();
        await talk.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await talk.Data!.SendAsync(content);
        await talk.Data.CloseUnreadAsync();
        await talk.PlayAsync($"S: 226 Transfer complete, {size} bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Bytes_still_in_the_senders_buffer_arrive_after_it_closed(SslProtocols version)
    {
        // More than the server's buffers take while its store holds still, less than the client's.
        byte[] content = Content(160 * 1024);
        var closed = new TaskCompletionSource();
        var store = new HookedStore { BeforeWrite = cancellationToken => closed.Task.WaitAsync(cancellationToken) };
        await using TestServer server = Requiring(store);
        await using Conversation talk = await SecureAsync(server, version);
        await talk.OpenDataAsync();
        await talk.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await talk.Data!.SendAsync(content);
        await talk.Data.CloseUnreadAsync();
        closed.SetResult();
        await talk.PlayAsync("S: 226 Transfer complete, 163840 bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task The_server_sends_nothing_while_it_receives(SslProtocols version)
    {
        await using TestServer server = Requiring();
        await using Conversation talk = await SecureAsync(server, version);
        await talk.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ content
            """);
        await talk.WaitUntilReceivedAsync(7);
        Assert.Equal(0, talk.Data!.Unread);
        await talk.PlayAsync("""
            D> 
            S: 226 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Compressed_uploads_end_the_same_way(SslProtocols version)
    {
        byte[] content = Content(8 * 1024 * 1024);
        await using TestServer server = Requiring();
        await using Conversation talk = await SecureAsync(server, version);
        await talk.PlayAsync("""
            C: MODE Z
            S: 200 *
            """);
        await talk.OpenDataAsync();
        await talk.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await talk.Data!.SendAsync(Zlib.Compress(content));
        await talk.Data.CloseUnreadAsync();
        await talk.PlayAsync("S: 226 Transfer complete, 8388608 bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Uploads_in_blocks_end_the_same_way(SslProtocols version)
    {
        byte[] content = Content(8 * 1024 * 1024);
        await using TestServer server = Requiring();
        await using Conversation talk = await SecureAsync(server, version);
        await talk.PlayAsync("""
            C: MODE B
            S: 200 *
            """);
        await talk.OpenDataAsync();
        await talk.PlayAsync("""
            C: STOR a
            S: 150 *
            """);
        await talk.Data!.SendAsync(Blocks.Encode(content));
        await talk.Data.CloseUnreadAsync();
        await talk.PlayAsync("S: 250 Transfer complete, 8388608 bytes stored.");
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    /// <summary>One connection in block mode carries data both ways: the tickets leave with the first of the server's.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task One_connection_in_blocks_carries_uploads_and_downloads(SslProtocols version)
    {
        await using TestServer server = Requiring();
        await using Conversation talk = await SecureAsync(server, version);
        await talk.PlayAsync("""
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

    /// <summary>Each .NET client's ticket is good for one connection, so that the tenth upload needs what came with the uploads before.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task A_client_that_reads_to_the_end_resumes_after_each_of_many_uploads(SslProtocols version)
    {
        await using TestServer server = Requiring();
        await using Conversation talk = await SecureAsync(server, version);
        for (int i = 0; i < 10; i++)
        {
            await talk.PlayAsync("""
                C: EPSV
                S: 229 *
                C: STOR a
                S: 150 *
                D> content
                S: 226 *
                """);
        }
    }

    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    private static TestServer Requiring(HookedStore? store = null) =>
        new(Wire.IPv4, store, options => options with { Tls = new FtpTlsOptions { Certificates = TestServer.Certificates, DataBinding = FtpDataBinding.Require } });

    private static async Task<Conversation> SecureAsync(TestServer server, SslProtocols version)
    {
        Conversation talk = await server.ConnectPlainAsync();
        await talk.PlayAsync("""
            S: 220 *
            C: AUTH TLS
            S: 234 *
            """);
        await talk.StartTlsAsync(version);
        await talk.PlayAsync("""
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
        return talk;
    }
}
