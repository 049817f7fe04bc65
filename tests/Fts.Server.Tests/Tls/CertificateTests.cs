using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Authority;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>The selection of the server's certificate by name, and the detection of changed files.</summary>
public sealed class CertificateTests : IDisposable
{
    private static readonly TestAuthority Authority = new();

    private readonly TemporaryDirectory _directory = new();
    private readonly SettableClock _clock = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("one.example", "CN=one.example")]
    [InlineData("TWO.example", "CN=two.example")]
    [InlineData("any.three.example", "CN=*.three.example")]
    [InlineData("other.example", "CN=one.example")]
    [InlineData("", "CN=one.example")]
    public async Task The_certificate_for_the_requested_name_is_presented_or_else_the_first(string requestedName, string shown)
    {
        using FtpCertificates certificates = FtpCertificates.FromFiles(
            (WritePemFile("one.example"), null), (WritePemFile("two.example"), null), (WritePemFile("*.three.example"), null));
        await using TestServer server = CreateServer(certificates);
        Assert.Equal(shown, await GetPresentedNameAsync(server, requestedName));
    }

    [Fact]
    public async Task A_pair_of_PEM_files_is_read_again_after_both_have_changed()
    {
        (string certificate, string key) = (_directory.Path + "/cert.pem", _directory.Path + "/key.pem");
        Write(("old", certificate, key));
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (certificate, key));
        await using TestServer server = CreateServer(certificates);
        Assert.Equal("CN=old", await GetPresentedNameAsync(server));

        // First only the certificate is new, then the key is incomplete, and then it is complete.
        (string newCertificate, string newKey) = TestAuthority.Pem(Authority.IssueTo("new"));
        await ChangeAsync(certificate, newCertificate);
        Assert.Equal("CN=old", await GetPresentedNameAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloadFailed, times: 1);
        await ChangeAsync(key, newKey[..(newKey.Length / 2)]);
        Assert.Equal("CN=old", await GetPresentedNameAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloadFailed, times: 2);
        await ChangeAsync(key, newKey);
        Assert.Equal("CN=new", await GetPresentedNameAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloaded);
        Assert.DoesNotContain(server.Log.Texts, text => text.Contains("PRIVATE KEY", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_PFX_file_is_read_again_when_it_changes()
    {
        string file = _directory.Path + "/server.pfx";
        await File.WriteAllBytesAsync(file, Authority.IssueTo("old").Export(X509ContentType.Pfx), TestContext.Current.CancellationToken);
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = CreateServer(certificates);
        Assert.Equal("CN=old", await GetPresentedNameAsync(server));

        byte[] renewed = Authority.IssueTo("new").Export(X509ContentType.Pfx);
        await File.WriteAllBytesAsync(file, renewed[..100], TestContext.Current.CancellationToken);
        _clock.Advance();
        Assert.Equal("CN=old", await GetPresentedNameAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloadFailed);
        await File.WriteAllBytesAsync(file, renewed, TestContext.Current.CancellationToken);
        _clock.Advance();
        Assert.Equal("CN=new", await GetPresentedNameAsync(server));
    }

    [Fact]
    public async Task A_deleted_file_keeps_the_certificate_and_is_logged_once()
    {
        string file = WritePemFile("old");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = CreateServer(certificates);
        File.Delete(file);
        for (int i = 0; i < 3; i++)
        {
            _clock.Advance();
            Assert.Equal("CN=old", await GetPresentedNameAsync(server));
        }

        Assert.Single(server.Log.Texts, text => text.Contains("cannot use the changed certificate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_symbolic_link_to_another_file_counts_as_a_change()
    {
        // Kubernetes and certbot renew in this way: they write a new file, and then change a symbolic link to it in one step.
        string old = Directory.CreateDirectory(_directory.Path + "/1").FullName, renewed =
            Directory.CreateDirectory(_directory.Path + "/2").FullName, current = _directory.Path + "/current";
        File.Move(WritePemFile("old"), old + "/server.pem");
        File.Move(WritePemFile("new"), renewed + "/server.pem");
        File.SetLastWriteTimeUtc(renewed + "/server.pem", DateTime.UtcNow.AddMinutes(1));
        Directory.CreateSymbolicLink(current, old);
        File.CreateSymbolicLink(_directory.Path + "/server.pem", current + "/server.pem");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (_directory.Path + "/server.pem", null));
        await using TestServer server = CreateServer(certificates);
        Assert.Equal("CN=old", await GetPresentedNameAsync(server));

        Directory.CreateSymbolicLink(current + ".new", renewed);
        Directory.Delete(current);
        Directory.Move(current + ".new", current);
        _clock.Advance();
        Assert.Equal("CN=new", await GetPresentedNameAsync(server));
    }

    [Fact]
    public async Task A_session_keeps_the_certificate_of_its_handshake()
    {
        string file = WritePemFile("old");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = CreateServer(certificates, FtpDataBinding.Require);
        await using Conversation client = await SecureAsync(server, "host.example");
        await client.PlayAsync("C: USER anonymous\nS: 331 *\nC: PASS x\nS: 230 *\nC: PBSZ 0\nS: 200 *\nC: PROT P\nS: 200 *");
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo("new"));
        await ChangeAsync(file, certificate + key);
        Assert.Equal("CN=new", await GetPresentedNameAsync(server));
        await client.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 226 *");
    }

    [Fact]
    public async Task Reload_checks_the_files_at_once()
    {
        string file = WritePemFile("old");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = CreateServer(certificates);
        Assert.Equal("CN=old", await GetPresentedNameAsync(server));
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo("a longer name"));
        await File.WriteAllTextAsync(file, certificate + key, TestContext.Current.CancellationToken);
        server.Reload();
        Assert.Contains(server.Log.Texts, text => text.StartsWith($"certificate reloaded from {file}", StringComparison.Ordinal));
        Assert.Contains("reloaded: certificates were read again if their files had changed ", server.Log.Texts);
        Assert.Equal("CN=a longer name", await GetPresentedNameAsync(server));
    }

    private static TestServer CreateServer(FtpCertificates certificates, FtpDataBinding binding = FtpDataBinding.Observe) =>
        new(Wire.IPv4,
            configure: options => options with { Tls = new FtpTlsOptions { Certificates = certificates, DataBinding = binding } });

    private static async Task<string?> GetPresentedNameAsync(TestServer server, string requestedName = "host.example")
    {
        await using Conversation client = await SecureAsync(server, requestedName);
        return client.ServerSubject;
    }

    private static async Task<Conversation> SecureAsync(TestServer server, string requestedName)
    {
        Conversation client = await server.ConnectPlainAsync();
        await client.PlayAsync("S: 220 *\nC: AUTH TLS\nS: 234 *");
        await client.StartTlsAsync(
            SslProtocols.Tls13, configure: tls =>
                (tls.TargetHost, tls.RemoteCertificateValidationCallback) = (requestedName, AcceptAnyCertificate));
        return client;
    }

    private static bool AcceptAnyCertificate(object sender, object? certificate, object? chain, SslPolicyErrors problems) => true;

    private static void Write((string Name, string Certificate, string Key) pair)
    {
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo(pair.Name));
        File.WriteAllText(pair.Certificate, certificate);
        File.WriteAllText(pair.Key, key);
    }

    /// <summary>Writes a file with a certificate and its key.</summary>
    private string WritePemFile(string name)
    {
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo(name));
        string file = $"{_directory.Path}/{Guid.NewGuid():N}.pem";
        File.WriteAllText(file, certificate + key);
        return file;
    }

    private async Task ChangeAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        _clock.Advance();
    }

    /// <summary>A clock that advances only by <see cref="Advance"/>.</summary>
    private sealed class SettableClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        /// <summary>Advances by more than the interval between two checks of the files.</summary>
        public void Advance() => Interlocked.Add(ref _now, 10);
    }
}
