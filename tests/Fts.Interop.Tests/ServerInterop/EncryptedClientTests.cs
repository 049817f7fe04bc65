using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>
/// Other clients over TLS, with our server in its strictest configuration: it requires TLS, and data connections that resume the session.
/// </summary>
public sealed class EncryptedClientTests
{
    private const string TransferScript = """
        import ftplib, io, os, ssl, sys

        class ResumingClient(ftplib.FTP_TLS):
            def ntransfercmd(self, cmd, rest=None):
                conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
                return self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session), size

        host, port, user, password = sys.argv[1:]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        ftp = ResumingClient(context=context)
        ftp.connect(host, int(port))
        ftp.login(user, password)
        ftp.prot_p()
        noise = os.urandom(300_000)
        for repetition in range(10):
            ftp.storbinary("STOR /box/noise", io.BytesIO(noise))
            back = io.BytesIO()
            ftp.retrbinary("RETR /box/noise", back.write)
            assert back.getvalue() == noise
        assert ftp.nlst("/box")
        ftp.quit()
        """;

    private const string RenegotiationScript = """
        import socket, sys
        try:
            from OpenSSL import SSL
        except ImportError:
            sys.exit(print("missing"))

        host, port = sys.argv[1:]
        plain = socket.create_connection((host, int(port)))
        plain.recv(1000)
        plain.sendall(b"AUTH TLS\r\n")
        assert plain.recv(1000).startswith(b"234 ")
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        control = SSL.Connection(context, plain)
        control.set_connect_state()
        control.do_handshake()
        control.sendall(b"NOOP\r\n")
        assert control.recv(1000).startswith(b"200 ")
        assert control.renegotiate()
        try:
            control.do_handshake()
            control.sendall(b"NOOP\r\n")
            control.recv(1000)
        except SSL.Error as error:
            print("rejected", error)
        """;

    [Theory]
    [InlineData("1.2")]
    [InlineData("1.3")]
    public async Task Curl_uploads_and_downloads_a_large_file(string version)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string[] options = GetCurlOptions(server, version);

        string[] upload = [.. options, "-T", TestTree.LargeFile, server.GetUrl("big.bin")];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, upload)).AssertSuccess();
        string[] download = [.. options, "-o", server.Local["back.bin"], server.GetUrl("big.bin")];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, download)).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    /// <summary>
    /// Each file has a data connection that must resume the session of the one control connection. With TLS 1.3, curl 7.88 does not resume
    /// again after an upload, because it never reads from the data connection of an upload.
    /// </summary>
    [Fact]
    public async Task Curl_uploads_many_files_in_one_session()
    {
        const string version = "1.2";
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string[] options = GetCurlOptions(server, version);
        string[] names = [.. Enumerable.Range(0, 10).Select(i => $"{i}.bin")];
        foreach (string name in names)
        {
            server.Local.Write(name, new string('x', 100_000));
        }

        string[] upload = [.. options, "-T", $"{{{string.Join(',', names)}}}", server.GetUrl("")];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, upload)).AssertSuccess();

        foreach (string name in names)
        {
            TreeSnapshot.AssertSameFile(server.Local[name], server.GetServerPath(name));
        }
    }

    [Fact]
    public async Task Lftp_mirrors_a_tree_in_both_directions()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string tree = TestTree.Create(server.Local.CreateFolder("tree")), back = server.Local.CreateFolder("back");
        string commands = string.Join(
            "; ", "set cmd:fail-exit yes", "set ssl:verify-certificate no", "set ftp:ssl-force yes", "set ftp:ssl-protect-data yes",
            "set net:max-retries 2", "set net:timeout 10", "set ftp:charset UTF-8",
            $"open -u {server.User},{server.Password} ftp://{server.Authority}", $"mirror -R {tree} /box/tree", $"mirror /box/tree {back}");

        (await ProcessRunner.RunAsync(Tool.Require("lftp"), server.Local, "--norc", "-c", commands)).AssertSuccess();

        TreeSnapshot.AssertEqual(tree, server.GetServerPath("tree"));
        TreeSnapshot.AssertEqual(tree, back);
    }

    [Fact]
    public async Task The_ftplib_of_Python_resumes_its_session_for_many_transfers()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string[] arguments = [server.Local.Write("check.py", TransferScript), server.Host, server.Port, server.User, server.Password];

        (await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, arguments)).AssertSuccess();
    }

    [Fact]
    public async Task A_TLS_renegotiation_is_rejected()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string[] arguments = [server.Local.Write("renegotiate.py", RenegotiationScript), server.Host, server.Port];

        ProcessResult result = (await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, arguments)).AssertSuccess();

        Assert.SkipWhen(result.Output.StartsWith("missing", StringComparison.Ordinal), "The Python module OpenSSL is not installed.");
        Assert.StartsWith("rejected", result.Output, StringComparison.Ordinal);
    }

    private static string[] GetCurlOptions(ServerUnderTest server, string tlsVersion)
    {
        string[] tls = ["-k", "--ssl-reqd", $"--tlsv{tlsVersion}", "--tls-max", tlsVersion];
        return ["-q", "-sS", .. tls, "-u", $"{server.User}:{server.Password}"];
    }
}
