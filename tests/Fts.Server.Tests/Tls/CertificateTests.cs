using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Authority;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Tls;

/// <summary>Which certificate a server shows: by the name asked for, and as its files are now.</summary>
public sealed class CertificateTests : IDisposable
{
    private static readonly TestAuthority Authority = new();

    private readonly TemporaryDirectory _folder = new();
    private readonly SetClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("one.example", "CN=one.example")]
    [InlineData("TWO.example", "CN=two.example")]
    [InlineData("any.three.example", "CN=*.three.example")]
    [InlineData("other.example", "CN=one.example")]
    [InlineData("", "CN=one.example")]
    public async Task Of_several_certificates_the_one_for_the_name_asked_for_is_shown_else_the_first(string asked, string shown)
    {
        using FtpCertificates certificates = FtpCertificates.FromFiles((Pem("one.example"), null), (Pem("two.example"), null), (Pem("*.three.example"), null));
        await using TestServer server = Showing(certificates);
        Assert.Equal(shown, await ShownAsync(server, asked));
    }

    [Fact]
    public async Task A_pair_of_PEM_files_is_read_again_once_both_have_changed()
    {
        (string certificate, string key) = (_folder.Path + "/cert.pem", _folder.Path + "/key.pem");
        Write(("old", certificate, key));
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (certificate, key));
        await using TestServer server = Showing(certificates);
        Assert.Equal("CN=old", await ShownAsync(server));

        // The certificate is there and its key still the old one, then half of the key, then all of it.
        (string newCertificate, string newKey) = TestAuthority.Pem(Authority.IssueTo("new"));
        await ChangeAsync(certificate, newCertificate);
        Assert.Equal("CN=old", await ShownAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloadFailed, times: 1);
        await ChangeAsync(key, newKey[..(newKey.Length / 2)]);
        Assert.Equal("CN=old", await ShownAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloadFailed, times: 2);
        await ChangeAsync(key, newKey);
        Assert.Equal("CN=new", await ShownAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloaded);
        Assert.DoesNotContain(server.Log.Texts, text => text.Contains("PRIVATE KEY", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_PFX_file_is_read_again_when_it_changes()
    {
        string file = _folder.Path + "/server.pfx";
        await File.WriteAllBytesAsync(file, Authority.IssueTo("old").Export(X509ContentType.Pfx), TestContext.Current.CancellationToken);
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = Showing(certificates);
        Assert.Equal("CN=old", await ShownAsync(server));

        byte[] renewed = Authority.IssueTo("new").Export(X509ContentType.Pfx);
        await File.WriteAllBytesAsync(file, renewed[..100], TestContext.Current.CancellationToken);
        _clock.Advance();
        Assert.Equal("CN=old", await ShownAsync(server));
        await server.Log.WaitForAsync(RecordingLogger.CertificateReloadFailed);
        await File.WriteAllBytesAsync(file, renewed, TestContext.Current.CancellationToken);
        _clock.Advance();
        Assert.Equal("CN=new", await ShownAsync(server));
    }

    [Fact]
    public async Task A_file_that_vanishes_changes_nothing_and_is_complained_of_once()
    {
        string file = Pem("old");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = Showing(certificates);
        File.Delete(file);
        for (int i = 0; i < 3; i++)
        {
            _clock.Advance();
            Assert.Equal("CN=old", await ShownAsync(server));
        }

        Assert.Single(server.Log.Texts, text => text.Contains("cannot use the changed certificate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_link_that_is_turned_to_another_file_is_a_change()
    {
        // As Kubernetes and certbot renew: the new file lies ready, and a link is turned to it in one step.
        string old = Directory.CreateDirectory(_folder.Path + "/1").FullName, renewed = Directory.CreateDirectory(_folder.Path + "/2").FullName, current = _folder.Path + "/current";
        File.Move(Pem("old"), old + "/server.pem");
        File.Move(Pem("new"), renewed + "/server.pem");
        File.SetLastWriteTimeUtc(renewed + "/server.pem", DateTime.UtcNow.AddMinutes(1));
        Directory.CreateSymbolicLink(current, old);
        File.CreateSymbolicLink(_folder.Path + "/server.pem", current + "/server.pem");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (_folder.Path + "/server.pem", null));
        await using TestServer server = Showing(certificates);
        Assert.Equal("CN=old", await ShownAsync(server));

        Directory.CreateSymbolicLink(current + ".new", renewed);
        Directory.Delete(current);
        Directory.Move(current + ".new", current);
        _clock.Advance();
        Assert.Equal("CN=new", await ShownAsync(server));
    }

    [Fact]
    public async Task A_session_that_began_with_the_old_certificate_goes_on_with_it()
    {
        string file = Pem("old");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = Showing(certificates, FtpDataBinding.Require);
        await using Conversation talk = await SecureAsync(server, "host.example");
        await talk.PlayAsync("C: USER anonymous\nS: 331 *\nC: PASS x\nS: 230 *\nC: PBSZ 0\nS: 200 *\nC: PROT P\nS: 200 *");
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo("new"));
        await ChangeAsync(file, certificate + key);
        Assert.Equal("CN=new", await ShownAsync(server));
        await talk.PlayAsync("C: EPSV\nS: 229 *\nC: NLST\nS: 150 *\nS: 226 *");
    }

    [Fact]
    public async Task A_reload_looks_at_the_files_at_once()
    {
        string file = Pem("old");
        using FtpCertificates certificates = FtpCertificates.FromFiles(_clock, (file, null));
        await using TestServer server = Showing(certificates);
        Assert.Equal("CN=old", await ShownAsync(server));
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo("a longer name"));
        await File.WriteAllTextAsync(file, certificate + key, TestContext.Current.CancellationToken);
        server.Reload();
        Assert.Contains(server.Log.Texts, text => text.StartsWith($"certificate reloaded from {file}", StringComparison.Ordinal));
        Assert.Contains("reloaded: certificates are read again if their files changed ", server.Log.Texts);
        Assert.Equal("CN=a longer name", await ShownAsync(server));
    }

    private static TestServer Showing(FtpCertificates certificates, FtpDataBinding binding = FtpDataBinding.Observe) =>
        new(Wire.IPv4, with: options => options with { Tls = new FtpTlsOptions { Certificates = certificates, DataBinding = binding } });

    private static async Task<string?> ShownAsync(TestServer server, string asked = "host.example")
    {
        await using Conversation talk = await SecureAsync(server, asked);
        return talk.ServerSubject;
    }

    private static async Task<Conversation> SecureAsync(TestServer server, string asked)
    {
        Conversation talk = await server.ConnectPlainAsync();
        await talk.PlayAsync("S: 220 *\nC: AUTH TLS\nS: 234 *");
        await talk.StartTlsAsync(SslProtocols.Tls13, with: tls => (tls.TargetHost, tls.RemoteCertificateValidationCallback) = (asked, Anything));
        return talk;
    }

    private static bool Anything(object sender, object? certificate, object? chain, SslPolicyErrors problems) => true;

    private static void Write((string Name, string Certificate, string Key) pair)
    {
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo(pair.Name));
        File.WriteAllText(pair.Certificate, certificate);
        File.WriteAllText(pair.Key, key);
    }

    /// <summary>A file with certificate and key.</summary>
    private string Pem(string name)
    {
        (string certificate, string key) = TestAuthority.Pem(Authority.IssueTo(name));
        string file = $"{_folder.Path}/{Guid.NewGuid():N}.pem";
        File.WriteAllText(file, certificate + key);
        return file;
    }

    private async Task ChangeAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        _clock.Advance();
    }

    /// <summary>A clock that only goes on when it is told to.</summary>
    private sealed class SetClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        /// <summary>Far enough for files to be looked at again.</summary>
        public void Advance() => Interlocked.Add(ref _now, 10);
    }
}
