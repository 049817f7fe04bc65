using Fts.Accounts;
using Fts.Authority;
using Fts.Interop.Tests.Processes;
using Fts.Server;
using Fts.Storage.Local;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>Other clients that select a host by HOST or SNI and log in by client certificate (reply 232).</summary>
public sealed class HostAndCertificateTests : IAsyncDisposable
{
    private const string Script = """
        import ftplib, io, ssl, sys

        class ResumingClient(ftplib.FTP_TLS):
            def ntransfercmd(self, cmd, rest=None):
                conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
                return self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session), size

        port, authority, certificate, key = sys.argv[1:]
        context = ssl.create_default_context(cafile=authority)
        context.load_cert_chain(certificate, key)
        ftp = ResumingClient(context=context)
        ftp.connect("localhost", int(port))
        ftp.auth()
        assert ftp.sendcmd("HOST localhost").startswith("220")
        assert ftp.login("ann", "").startswith("232")
        ftp.prot_p()
        ftp.storbinary("STOR from-python", io.BytesIO(b"hello"))
        assert "from-python" in ftp.nlst()
        ftp.quit()
        """;

    private const string ResumingScript = """
        import ftplib, ssl, sys

        port, authority, certificate, key, version = sys.argv[1:]
        context = ssl.create_default_context(cafile=authority)
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        context.load_cert_chain(certificate, key)
        session = None
        for i in range(3):
            ftp = ftplib.FTP()
            ftp.connect("localhost", int(port))
            ftp.sendcmd("AUTH TLS")
            ftp.sock = context.wrap_socket(ftp.sock, server_hostname="localhost", session=session)
            ftp.file = ftp.sock.makefile("r", encoding="utf-8")
            assert ftp.sendcmd("USER ann").startswith("232"), i
            session = ftp.sock.session
            ftp.quit()
        """;

    private readonly TestAuthority _authority = new();
    private readonly TempFolder _files = new();
    private readonly LocalFileStore _defaultStore, _hostStore;
    private readonly FtpCertificates _certificates;
    private readonly FtpServerOptions _options;
    private readonly FtpServer _server;
    private readonly string _certificate, _key, _root;

    public HostAndCertificateTests()
    {
        (_certificate, _key) = TestAuthority.Pem(_authority.Issue("CN=ann"));
        (_certificate, _key) = (_files.Write("ann.crt", _certificate), _files.Write("ann.key", _key));
        _root = _files.Write("root.pem", _authority.Certificate.ExportCertificatePem());
        _certificates = FtpCertificates.FromCertificate(_authority.IssueTo("localhost"));
        (_defaultStore, _hostStore) = (new LocalFileStore(_files.CreateFolder("default")), new LocalFileStore(_files.CreateFolder("host")));
        IAuthenticator accounts = CertificateAuthenticator.CreateByCommonName(
            new AnonymousAuthenticator(Permissions.ReadOnly), Permissions.ReadWrite);
        ITestOutputHelper? output = TestContext.Current.TestOutputHelper;
        _options = new FtpServerOptions
        {
            Store = _defaultStore,
            Authenticator = accounts,
            Hosts = [new FtpHost { Name = "localhost", Store = _hostStore, Authenticator = accounts, Certificates = _certificates }],
            Tls = new FtpTlsOptions
            {
                Certificates = _certificates,
                DataBinding = FtpDataBinding.Require,
                ClientCertificates = new FtpClientCertificates
                {
                    Policy = FtpClientCertificatePolicy.Request,
                    Authorities = [_authority.Certificate],
                },
            },
            Trace = trace => output?.WriteLine($"{trace.Session} {(trace.IsReply ? "<" : ">")} {trace.Line}"),
        };
        _server = new FtpServer(_options);
        _server.StartAsync(TestContext.Current.CancellationToken).GetAwaiter().GetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _defaultStore.DisposeAsync();
        await _hostStore.DisposeAsync();
        _certificates.Dispose();
        _files.Dispose();
    }

    [Theory]
    [InlineData("1.2")]
    [InlineData("1.3")]
    public async Task Curl_logs_in_by_certificate_on_the_host_of_its_SNI(string version)
    {
        string source = _files.Write("source", "from curl");
        string[] tls = ["--ssl-reqd", $"--tlsv{version}", "--tls-max", version, "--cacert", _root, "--cert", _certificate, "--key", _key];
        string[] upload = ["-u", "ann:", "-T", source, $"ftp://localhost:{_server.EndPoint.Port}/up"];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), _files, ["-q", "-sS", .. tls, .. upload])).AssertSuccess();
        Assert.Equal("from curl", File.ReadAllText(_files["host/up"]));
    }

    [Fact]
    public async Task Lftp_sends_HOST_without_TLS_and_logs_in_by_certificate_over_TLS()
    {
        string source = _files.Write("source", "from lftp");
        File.WriteAllText(_files["host/file"], "from the host");
        string plain = string.Join(
            "; ", "set cmd:fail-exit yes", "set ftp:ssl-allow no", "set net:max-retries 2", "set net:timeout 10",
            $"open ftp://localhost:{_server.EndPoint.Port}", "get file");
        (await ProcessRunner.RunAsync(Tool.Require("lftp"), _files, "--norc", "-c", plain)).AssertSuccess();
        Assert.Equal("from the host", File.ReadAllText(_files["file"]));

        string encrypted = string.Join(
            "; ", "set cmd:fail-exit yes", "set ftp:ssl-force yes", "set ftp:ssl-protect-data yes", "set net:max-retries 2",
            "set net:timeout 10", $"set ssl:ca-file {_root}", $"set ssl:cert-file {_certificate}", $"set ssl:key-file {_key}",
            $"open -u ann,none ftp://localhost:{_server.EndPoint.Port}", $"put {source} -o up");
        (await ProcessRunner.RunAsync(Tool.Require("lftp"), _files, "--norc", "-c", encrypted)).AssertSuccess();
        Assert.Equal("from lftp", File.ReadAllText(_files["host/up"]));
    }

    [Fact]
    public async Task The_ftplib_of_Python_sends_HOST_and_logs_in_by_certificate()
    {
        string[] arguments = [_files.Write("check.py", Script), $"{_server.EndPoint.Port}", _root, _certificate, _key];
        (await ProcessRunner.RunAsync(Tool.RequirePython(), _files, arguments)).AssertSuccess();
        Assert.Equal("hello", File.ReadAllText(_files["host/from-python"]));
    }

    [Theory]
    [InlineData("TLSv1_2")]
    [InlineData("TLSv1_3")]
    public async Task A_client_that_resumes_TLS_on_its_next_connections_still_logs_in_by_certificate(string version)
    {
        // A resumed TLS session has no intermediate certificate.
        var intermediate = new TestAuthority("intermediate", _authority);
        (string certificate, string key) = TestAuthority.Pem(intermediate.Issue("CN=ann"));
        string chain = _files.Write("chain.crt", certificate + intermediate.Certificate.ExportCertificatePem());
        FtpTlsOptions tls = _options.Tls! with { DataBinding = FtpDataBinding.Observe };
        await using var server = new FtpServer(_options with { Tls = tls });
        await server.StartAsync(TestContext.Current.CancellationToken);

        string[] arguments =
            [_files.Write("resume.py", ResumingScript), $"{server.EndPoint.Port}", _root, chain, _files.Write("chain.key", key), version];
        (await ProcessRunner.RunAsync(Tool.RequirePython(), _files, arguments)).AssertSuccess();
    }
}
