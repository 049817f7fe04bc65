using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>Other people's clients over TLS, against our server at its strictest: nothing in plain, data connections resume their session's TLS.</summary>
public sealed class EncryptedClientTests
{
    private const string Python = """
        import ftplib, io, os, ssl, sys

        class Resuming(ftplib.FTP_TLS):
            def ntransfercmd(self, cmd, rest=None):
                conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
                return self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session), size

        host, port, user, password = sys.argv[1:]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        ftp = Resuming(context=context)
        ftp.connect(host, int(port))
        ftp.login(user, password)
        ftp.prot_p()
        noise = os.urandom(300_000)
        for turn in range(10):
            ftp.storbinary("STOR /box/noise", io.BytesIO(noise))
            back = io.BytesIO()
            ftp.retrbinary("RETR /box/noise", back.write)
            assert back.getvalue() == noise
        assert ftp.nlst("/box")
        ftp.quit()
        """;

    private const string Renegotiation = """
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
            print("refused", error)
        """;

    [Theory]
    [InlineData("1.2")]
    [InlineData("1.3")]
    public async Task Curl_takes_a_big_file_up_and_down(string version)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string[] options = ["-q", "-sS", "-k", "--ssl-reqd", $"--tlsv{version}", "--tls-max", version, "-u", $"{server.User}:{server.Password}"];

        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, [.. options, "-T", TestTree.LargeFile, server.GetUrl("big.bin")])).AssertSuccess();
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, [.. options, "-o", server.Local["back.bin"], server.GetUrl("big.bin")])).AssertSuccess();

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    /// <summary>
    /// One control connection, and a data connection for each file that has to resume its session. Over TLS 1.3 curl 7.88 does not resume a second time after an
    /// upload, because it never reads from an upload's data connection.
    /// </summary>
    [Fact]
    public async Task Curl_uploads_many_files_in_one_session()
    {
        const string version = "1.2";
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string[] options = ["-q", "-sS", "-k", "--ssl-reqd", $"--tlsv{version}", "--tls-max", version, "-u", $"{server.User}:{server.Password}"];
        string[] names = [.. Enumerable.Range(0, 10).Select(i => $"{i}.bin")];
        foreach (string name in names)
        {
            server.Local.Write(name, new string('x', 100_000));
        }

        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, [.. options, "-T", $"{{{string.Join(',', names)}}}", server.GetUrl("")])).AssertSuccess();

        foreach (string name in names)
        {
            TreeSnapshot.AssertSameFile(server.Local[name], server.GetServerPath(name));
        }
    }

    [Fact]
    public async Task Lftp_mirrors_a_tree_up_and_down()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string tree = TestTree.Create(server.Local.CreateFolder("tree")), back = server.Local.CreateFolder("back");
        string commands = string.Join("; ", "set cmd:fail-exit yes", "set ssl:verify-certificate no", "set ftp:ssl-force yes", "set ftp:ssl-protect-data yes", "set net:max-retries 2",
            "set net:timeout 10", "set ftp:charset UTF-8", $"open -u {server.User},{server.Password} ftp://{server.Authority}", $"mirror -R {tree} /box/tree", $"mirror /box/tree {back}");

        (await ProcessRunner.RunAsync(Tool.Require("lftp"), server.Local, "--norc", "-c", commands)).AssertSuccess();

        TreeSnapshot.AssertEqual(tree, server.GetServerPath("tree"));
        TreeSnapshot.AssertEqual(tree, back);
    }

    [Fact]
    public async Task Pythons_ftplib_resumes_its_session_for_many_transfers()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string script = server.Local.Write("check.py", Python);

        (await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, script, server.Host, server.Port, server.User, server.Password)).AssertSuccess();
    }

    [Fact]
    public async Task A_client_that_wants_to_shake_hands_again_is_refused()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted: true);
        string script = server.Local.Write("again.py", Renegotiation);

        ProcessResult ended = (await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, script, server.Host, server.Port)).AssertSuccess();

        Assert.SkipWhen(ended.Output.StartsWith("missing", StringComparison.Ordinal), "Python's OpenSSL module is not installed.");
        Assert.StartsWith("refused", ended.Output, StringComparison.Ordinal);
    }
}
