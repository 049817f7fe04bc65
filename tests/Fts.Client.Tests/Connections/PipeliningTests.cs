using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Connections;

/// <summary>
/// Commands that are sent in one packet. The scripted server replies only after it has received all of them, so a client that waits for a
/// reply fails the test.
/// </summary>
public sealed class PipeliningTests : IDisposable
{
    private const string Facts = "MLST type*;size*;modify*;";

    private const string Content = "C: RETR a.txt\nS: 150 go\nD> helloworld\nD.\nS: 226 done\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_folder.FullName, "a.txt");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("220 fts ready.")]
    [InlineData("220 (vsFTPd 3.0.5)")]
    [InlineData("220 ProFTPD Server (Debian) [::ffff:127.0.0.1]")]
    [InlineData("220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\nS: 220 Local time is now 12:00.")]
    [InlineData("220 pyftpdlib 1.5.7 ready.")]
    public async Task A_known_server_receives_the_settings_in_one_packet(string greeting)
    {
        await using var peer = ScriptedPeer.Start(Login(greeting, Facts) + "C: NOOP\nS: 200 ok");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            await connection.LoginAsync(Token);
            Assert.True(connection.Features.HasMachineListing);
            Assert.True((await connection.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task With_TLS_the_settings_of_the_data_connections_are_in_the_same_packet()
    {
        await using var peer = ScriptedPeer.Start("""
            S: 220 (vsFTPd 3.0.5)
            C: AUTH TLS
            S: 234 go
            TLS
            C: USER anonymous
            S: 230 in
            C: PBSZ 0
            C: PROT P
            C: FEAT
            C: OPTS UTF8 ON
            C: TYPE I
            S: 200 ok
            S: 200 private
            S: 500 what
            S: 501 what
            S: 200 binary
            """);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(Encrypted(peer), Token))
        {
            await connection.LoginAsync(Token);
            Assert.False(connection.Features.IsKnown);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_rejected_PROT_is_an_error_although_later_commands_were_sent()
    {
        await using var peer = ScriptedPeer.Start("""
            S: 220 (vsFTPd 3.0.5)
            C: AUTH TLS
            S: 234 go
            TLS
            C: USER anonymous
            S: 230 in
            C: PBSZ 0
            C: PROT P
            C: FEAT
            C: OPTS UTF8 ON
            C: TYPE I
            S: 200 ok
            S: 536 no
            S: 500 what
            S: 501 what
            S: 200 binary
            """);
        await using FtpConnection connection = await FtpConnection.ConnectAsync(Encrypted(peer), Token);
        var e = await Assert.ThrowsAsync<FtpTlsException>(() => connection.LoginAsync(Token));
        Assert.Equal(FtpTlsFailure.DataNotProtected, e.Failure);
    }

    [Fact]
    public async Task A_download_takes_two_exchanges_if_the_server_supports_MLST()
    {
        await using var peer = ScriptedPeer.Start(KnownLogin(Facts) + """
            C: EPSV
            C: MLST a.txt
            S: 229 ok (|||{port}|)
            S: 250-Listing
            S:  type=file;size=10;modify=20260102030405; a.txt
            S: 250 End

            """ + Content);
        await AssertDownloadedAsync(peer, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }

    [Fact]
    public async Task A_download_takes_two_exchanges_if_the_server_supports_SIZE_and_MDTM()
    {
        await using var peer = ScriptedPeer.Start(KnownLogin("SIZE", "MDTM") + """
            C: EPSV
            C: SIZE a.txt
            C: MDTM a.txt
            S: 229 ok (|||{port}|)
            S: 213 10
            S: 213 20260102030405

            """ + Content);
        await AssertDownloadedAsync(peer, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }

    [Fact]
    public async Task A_rejected_EPSV_is_followed_by_PASV()
    {
        await using var peer = ScriptedPeer.Start(KnownLogin("SIZE", "MDTM") + """
            C: EPSV
            C: SIZE a.txt
            C: MDTM a.txt
            S: 522 no
            S: 550 no size
            S: 550 no time
            C: PASV
            S: 227 ok (127,0,0,1,{p1},{p2})

            """ + Content);
        await AssertDownloadedAsync(peer, expectedTime: null);
    }

    [Fact]
    public async Task The_reply_to_EPSV_is_not_used_after_another_command()
    {
        await using var peer = ScriptedPeer.Start(KnownLogin(Facts, "MODE Z") + """
            C: EPSV
            C: MLST a.txt
            S: 229 ok (|||1|)
            S: 250-Listing
            S:  type=file;size=10;modify=20260102030405; a.txt
            S: 250 End
            C: MODE Z
            S: 500 no
            C: EPSV
            S: 229 ok (|||{port}|)

            """ + Content);
        await using (var client = new FtpClient(peer.Options with { Compression = FtpCompression.Always }))
        {
            await client.ConnectAsync(Token);
            await client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token);
        }

        await peer.WaitForScriptsAsync();
        Assert.Equal("helloworld", await File.ReadAllTextAsync(Target, Token));
    }

    [Fact]
    public async Task The_reply_to_EPSV_is_not_used_by_a_later_download()
    {
        await using var peer = ScriptedPeer.Start(KnownLogin(Facts) + """
            C: EPSV
            C: MLST folder
            S: 229 ok (|||1|)
            S: 250-Listing
            S:  type=dir; folder
            S: 250 End
            C: EPSV
            C: MLST a.txt
            S: 229 ok (|||{port}|)
            S: 250-Listing
            S:  type=file;size=10;modify=20260102030405; a.txt
            S: 250 End

            """ + Content);
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ConnectAsync(Token);
            await Assert.ThrowsAsync<FtpException>(() => client.DownloadFileAsync(Target, "folder", cancellationToken: Token));
            await client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token);
        }

        await peer.WaitForScriptsAsync();
    }

    [Theory]
    [InlineData("220 hello", 1)]
    [InlineData("220 (vsFTPd 3.0.5)", 2)]
    public async Task A_server_that_reads_only_one_command_of_a_packet_is_used_with_one_command_at_a_time(string greeting, int connections)
    {
        using var server = new SingleCommandServer(greeting);
        await using (var client = new FtpClient(server.Options))
        {
            await client.ConnectAsync(Token);
            Assert.Equal(10, await client.GetSizeAsync("a.txt", Token));
        }

        Assert.Equal(connections, server.Connections);
    }

    private static string KnownLogin(params string[] features) => Login("220 fts ready.", features);

    private static string Login(string greeting, params string[] features) =>
        $"S: {greeting}\nC: USER anonymous\nS: 331 password\nC: PASS anonymous@\nS: 230 in\nC: FEAT\nC: OPTS UTF8 ON\nC: TYPE I\n"
        + $"S: 211-Features\n{string.Concat(features.Select(feature => $"S:  {feature}\n"))}S: 211 End\nS: 501 what\nS: 200 binary\n";

    private static FtpClientOptions Encrypted(ScriptedPeer peer) =>
        peer.Options with { Tls = FtpTlsMode.Required, Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) } };

    private async Task AssertDownloadedAsync(ScriptedPeer peer, DateTime? expectedTime)
    {
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ConnectAsync(Token);
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token);
            Assert.Equal(expectedTime, result.LastModified?.UtcDateTime);
        }

        await peer.WaitForScriptsAsync();
        Assert.Equal("helloworld", await File.ReadAllTextAsync(Target, Token));
    }

    /// <summary>A server that replies to the first command of a packet and closes the connection if the packet contains more.</summary>
    private sealed class SingleCommandServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public SingleCommandServer(string greeting)
        {
            _listener.Start();
            _ = ServeAsync(greeting);
        }

        public int Connections { get; private set; }

        public FtpClientOptions Options => new() { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port };

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync(string greeting)
        {
            while (true)
            {
                using Socket socket = await _listener.AcceptSocketAsync();
                Connections++;
                await socket.SendAsync(Encoding.ASCII.GetBytes(greeting + "\r\n"));
                byte[] packet = new byte[4096];
                while (await socket.ReceiveAsync(packet) is > 0 and var length)
                {
                    string[] commands = Encoding.ASCII.GetString(packet, 0, length).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
                    string reply = commands[0].Split(' ')[0] switch
                    {
                        "USER" => "230 in",
                        "SIZE" => "213 10",
                        "TYPE" => "200 binary",
                        "QUIT" => "221 bye",
                        _ => "502 no",
                    };
                    await socket.SendAsync(Encoding.ASCII.GetBytes(reply + "\r\n"));
                    if (commands.Length > 1)
                    {
                        break;
                    }
                }
            }
        }
    }
}
