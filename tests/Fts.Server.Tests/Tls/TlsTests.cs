using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Fts.Server.Sessions;
using Fts.Server.Tests.Support;
using Fts.Server.Tls;

namespace Fts.Server.Tests.Tls;

/// <summary>AUTH, PBSZ, PROT and CCC (RFC 4217), and the data connections over TLS. Other tests run their conversations over TLS as
/// well.</summary>
public sealed class TlsTests
{
    public static TheoryData<SslProtocols> Versions => [SslProtocols.Tls12, SslProtocols.Tls13];

    [Theory, MemberData(nameof(Versions))]
    public async Task Auth_tls_encrypts_a_plain_session(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> content
            S: 226 *
            """);
        Assert.Equal("content", await server.ReadAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Many_mixed_transfers_resume_the_TLS_session_if_that_is_required(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { DataBinding = FtpDataBinding.Require });
        await using Conversation client = await SecureAsync(server, version);
        for (int i = 0; i < 10; i++)
        {
            await client.PlayAsync($"""
                C: EPSV
                S: 229 *
                C: STOR a
                S: 150 *
                D> content {i}
                S: 226 *
                C: EPSV
                S: 229 *
                C: NLST
                S: 150 *
                D< a\r\n
                S: 226 *
                C: EPSV
                S: 229 *
                C: RETR a
                S: 150 *
                D< content {i}
                S: 226 *
                """);
        }
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_data_connection_of_another_TLS_session_is_refused_if_resumption_is_required(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { DataBinding = FtpDataBinding.Require });
        await using Conversation client = await SecureAsync(server, version, resumes: false);
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            S: 425 The data connection must resume the TLS session of the control connection (tls.resumption).
            C: NOOP
            S: 200 *
            """);
    }

    /// <summary>Each client of the server has tickets, and could present one on another client's data connection.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task A_data_connection_that_resumes_the_TLS_session_of_another_client_is_refused(SslProtocols version)
    {
        const string List = """
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            """;
        await using TestServer server = CreateServer(tls => tls with { DataBinding = FtpDataBinding.Require });
        await using Conversation client = await SecureAsync(server, version), other = await SecureAsync(server, version);
        client.UseTlsSessionOf(other);
        await client.PlayAsync($"""
            {List}
            S: 425 The data connection must resume the TLS session of the control connection (tls.resumption).
            """);
        await other.PlayAsync($"""
            {List}
            S: 226 *
            """);
    }

    /// <summary>With a ticket of this session, another client's connection would look like a connection of this client.</summary>
    [Theory, MemberData(nameof(Versions))]
    public async Task A_refused_data_connection_does_not_make_the_next_one_resume(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { DataBinding = FtpDataBinding.Require });
        await using Conversation client = await SecureAsync(server, version, resumes: false);
        for (int i = 0; i < 3; i++)
        {
            await client.OpenDataAsync();
            await client.PlayAsync("""
                C: NLST
                S: 150 *
                S: 425 *
                """);
            await client.Data!.ReadUntilClosedAsync();
        }
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_refused_data_connection_is_disposed(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { DataBinding = FtpDataBinding.Require });
        await using Conversation client = await SecureAsync(server, version);
        var session = (Session)server.Sessions.Single().Target!;
        (Socket clientSocket, Socket accepted) = await ConnectAsync();
        var stream = new RecordingStream(accepted);
        Task handshake = new TlsClient(version).HandshakeAsync(new NetworkStream(clientSocket, ownsSocket: true));

        HandshakeException refusal = await Assert.ThrowsAsync<HandshakeException>(
            () => session.Tls!.AcceptDataAsync(session, stream, TestContext.Current.CancellationToken).AsTask().WithDeadline());

        Assert.True(refusal.IsNotResumed);
        Assert.True(stream.IsDisposed);
        // In TLS 1.2 the client waits for the server's Finished message, and receives the end of the connection.
        await Task.WhenAny(handshake).WithDeadline();
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task An_upload_that_ends_without_close_notify_is_not_published(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ content
            D: close
            S: 426 * Kept 7 bytes; send REST 7 to resume.
            C: MLST a
            S: 550 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task An_upload_of_the_size_that_ALLO_announced_needs_no_close_notify(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: ALLO 7
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ content
            D: close
            S: 226 *
            C: ALLO 8
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR b
            S: 150 *
            D+ content
            D: close
            S: 426 * Kept 7 bytes; send REST 7 to resume.
            """);
        Assert.Equal("content", await server.ReadAsync("/a"));
        Assert.Null(await server.ReadAsync("/b"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_resumed_upload_without_close_notify_must_have_the_number_of_bytes_that_ALLO_announced(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        const string Part = """
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ 0123
            D: close
            S: 426 * Kept 4 bytes; send REST 4 to resume.
            """;
        await client.PlayAsync(Part);
        // ALLO announces eight further bytes. Four of them and the four of the partial upload must not count as eight.
        await client.PlayAsync("""
            C: ALLO 8
            S: 200 *
            C: REST 4
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ 4567
            D: close
            S: 426 * Kept 8 bytes; send REST 8 to resume.
            C: ALLO 4
            S: 200 *
            C: REST 8
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ 89ab
            D: close
            S: 226 *
            """);
        Assert.Equal("0123456789ab", await server.ReadAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task The_end_of_a_compressed_upload_needs_no_close_notify(SslProtocols version)
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: MODE Z
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ x\x01\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15
            D: close
            S: 226 *
            """);
        Assert.Equal("hello", await server.ReadAsync("/a"));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_server_that_requires_no_close_notify_publishes_uploads_without_it_like_plain_ones(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { RequiresCloseNotify = false });
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ content
            D: close
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR b
            S: 150 *
            D+ content
            D: reset
            S: 426 *
            C: MLST b
            S: 550 *
            """);
        Assert.Equal("content", await server.ReadAsync("/a"));
        Assert.Contains(server.Log.Texts, text => text.Contains("unverified", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task An_upload_that_ends_within_a_tls_record_is_never_published(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { RequiresCloseNotify = false });
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ content
            """);
        await client.Data!.SendUnencryptedAsync(new byte[] { 23, 3, 3, 0, 100, 1, 2, 3 });
        await client.PlayAsync("""
            D: close
            S: 426 * Kept 7 bytes; send REST 7 to resume.
            C: MLST a
            S: 550 *
            """);
    }

    [Fact]
    public async Task Input_before_the_handshake_ends_the_session()
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C> AUTH TLS\r\nUSER anonymous\r\n
            S: 234 *
            S: (end)
            """);
    }

    [Fact]
    public async Task Commands_before_the_handshake_have_no_effect_after_it()
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C: USER anonymous
            S: 331 *
            C: AUTH TLS
            S: 234 *
            """);
        await client.StartTlsAsync(SslProtocols.Tls13);
        await client.PlayAsync("""
            C: PASS x
            S: 503 *
            """);
    }

    [Fact]
    public async Task If_TLS_is_required_plain_sessions_cannot_log_in()
    {
        await using TestServer server = CreateServer(tls => tls with { Control = FtpTlsPolicy.Required });
        await using Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C: USER anonymous
            S: 530 *TLS*
            C: PASS x
            S: 503 *
            """);
    }

    [Fact]
    public async Task If_data_must_be_encrypted_Prot_C_and_plain_transfers_are_refused()
    {
        await using TestServer server = CreateServer(tls => tls with { Data = FtpTlsPolicy.Required });
        await using Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C: AUTH TLS
            S: 234 *
            """);
        await client.StartTlsAsync(SslProtocols.Tls13);
        await client.PlayAsync("""
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: EPSV
            S: 229 *
            C: NLST
            S: 521 *
            C: PROT C
            S: 503 *
            C: PBSZ 0
            S: 200 *
            C: PROT C
            S: 534 *
            C: PROT P
            S: 200 *
            C: NLST
            S: 150 *
            D< 
            S: 226 *
            """);
    }

    [Fact]
    public async Task The_arguments_of_Auth_Pbsz_and_Prot_are_checked()
    {
        await using TestServer server = CreateServer();
        await using Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C: AUTH GSSAPI
            S: 504 *
            C: PBSZ 0
            S: 503 *
            C: PROT P
            S: 503 *
            C: AUTH SSL
            S: 234 *
            """);
        await client.StartTlsAsync(SslProtocols.Tls12);
        await client.PlayAsync("""
            C: AUTH TLS
            S: 503 *
            C: PBSZ 0
            S: 200 PBSZ=0
            C: PROT S
            S: 536 *
            C: PROT X
            S: 504 *
            C: USER anonymous
            S: 331 *
            C: PASS x
            S: 230 *
            C: CCC
            S: 534 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task Ccc_ends_tls_with_close_notify_from_both_sides_if_it_is_allowed(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { AllowClearCommandChannel = true });
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: CCC
            S: 200 *
            """);
        await client.EndTlsAsync();
        await client.PlayAsync("""
            C: NOOP
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> content
            S: 226 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task After_ccc_and_many_other_sessions_data_connections_still_resume_the_tls_session(SslProtocols version)
    {
        await using TestServer server =
            CreateServer(tls => tls with { AllowClearCommandChannel = true, DataBinding = FtpDataBinding.Require });
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: CCC
            S: 200 *
            """);
        await client.EndTlsAsync();
        for (int i = 0; i < 100; i++)
        {
            await using Conversation other = await SecureAsync(server, version);
        }

        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> content
            S: 226 *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_plain_command_in_the_same_packet_as_close_notify_receives_a_reply(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { AllowClearCommandChannel = true });
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: CCC
            S: 200 *
            """);
        await client.EndTlsAsync("PWD\r\n");
        await client.PlayAsync("""
            S: 257 "/" *
            """);
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task A_plain_command_after_ccc_without_close_notify_is_not_executed(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { AllowClearCommandChannel = true });
        await server.WriteAsync("/a", "content");
        await using Conversation client = await SecureAsync(server, version);
        await client.PlayAsync("""
            C: CCC
            S: 200 *
            """);
        client.SwitchToPlainText();
        await client.SendAsync("DELE a");
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Equal("content", await server.ReadAsync("/a"));
        Assert.Contains(
            server.Log.Texts, text => text.StartsWith("[1] closed after CCC: the client sent no close_notify: ", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Texts, text => text.Contains("unexpected error in the session", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Versions))]
    public async Task An_encrypted_command_after_ccc_ends_the_session(SslProtocols version)
    {
        await using TestServer server = CreateServer(tls => tls with { AllowClearCommandChannel = true });
        await server.WriteAsync("/a", "content");
        await using Conversation client = await SecureAsync(server, version);
        await client.SendAsync("CCC");
        await client.SendAsync("DELE a");
        await client.PlayAsync("""
            S: 200 *
            S: (end)
            """);
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Equal("content", await server.ReadAsync("/a"));
    }

    [Fact]
    public async Task A_client_that_sends_no_close_notify_after_ccc_is_disconnected()
    {
        await using TestServer server =
            CreateServer(tls => tls with { AllowClearCommandChannel = true, HandshakeTimeout = TimeSpan.FromSeconds(1) });
        await using Conversation client = await SecureAsync(server, SslProtocols.Tls13);
        await client.PlayAsync("""
            C: CCC
            S: 200 *
            S: (end)
            """);
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
    }

    [Fact]
    public async Task Input_in_the_same_packet_as_Ccc_ends_the_session()
    {
        await using TestServer server = CreateServer(tls => tls with { AllowClearCommandChannel = true });
        await server.WriteAsync("/a", "content");
        await using Conversation client = await SecureAsync(server, SslProtocols.Tls12);
        await client.PlayAsync("""
            C> CCC\r\nDELE a\r\n
            S: 200 *
            S: (end)
            """);
        Assert.Equal("content", await server.ReadAsync("/a"));
    }

    [Fact]
    public async Task A_missing_handshake_ends_the_session()
    {
        await using TestServer server = CreateServer(tls => tls with { HandshakeTimeout = TimeSpan.FromMilliseconds(50) });
        await using Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C: AUTH TLS
            S: 234 *
            S: (end)
            """);
    }

    [Fact]
    public async Task Without_certificates_the_TLS_verbs_are_unknown()
    {
        await using TestServer server = new(Wire.IPv4);
        await server.PlayAsync("""
            C: AUTH TLS
            S: 500 *
            C: PROT P
            S: 500 *
            """);
    }

    private static async Task<(Socket Client, Socket Accepted)> ConnectAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken).WithDeadline();
        return (client, await listener.AcceptAsync(TestContext.Current.CancellationToken).WithDeadline());
    }

    /// <summary>Records its disposal. SslStream disposes the stream below it.</summary>
    private sealed class RecordingStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public bool IsDisposed { get; private set; }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }

    private static TestServer CreateServer(Func<FtpTlsOptions, FtpTlsOptions>? configure = null)
    {
        var tls = new FtpTlsOptions { Certificates = TestServer.Certificates };
        return new TestServer(Wire.IPv4, configure: options => options with { Tls = configure is null ? tls : configure(tls) });
    }

    private static async Task<Conversation> SecureAsync(TestServer server, SslProtocols version, bool resumes = true)
    {
        Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("""
            S: 220 *
            C: AUTH TLS
            S: 234 *
            """);
        await client.StartTlsAsync(version, resumes);
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
