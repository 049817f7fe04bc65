using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Fts.Accounts;
using Fts.Accounts.Login;
using Fts.Accounts.Settings;
using Fts.Client;
using Fts.Server;
using Fts.Serving.Accounts;
using Fts.Storage.Memory;

namespace Fts.ProgramTests.Serving.Accounts;

/// <summary>Checks of passwords with an old server, which is a server of this project in the same process.</summary>
public sealed class LegacyServerTests
{
    private readonly OldAccounts _accounts = new();
    private readonly List<string> _reports = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(FtpTlsMode.Off)]
    [InlineData(FtpTlsMode.Required)]
    public async Task The_old_server_accepts_or_rejects_a_password(FtpTlsMode tls)
    {
        using var certificates = FtpCertificates.SelfSigned();
        await using FtpServer old = await StartAsync(certificates);
        FtpTrust trust = tls == FtpTlsMode.Off ? FtpTrust.System : new() { PinnedKeys = [certificates.KeyFingerprint] };
        using LegacyServer legacy = Create(old.EndPoint.Port, tls, trust);
        Assert.Equal(TakeOverCheck.Accepted, await legacy.CheckAsync("anna", "old secret", Token));
        Assert.Equal(TakeOverCheck.Rejected, await legacy.CheckAsync("anna", "wrong", Token));
        Assert.Equal(TakeOverCheck.Rejected, await legacy.CheckAsync("bob", "old secret", Token));
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task A_server_with_an_untrusted_certificate_receives_no_password()
    {
        using var certificates = FtpCertificates.SelfSigned();
        await using FtpServer old = await StartAsync(certificates);
        using LegacyServer legacy = Create(old.EndPoint.Port, FtpTlsMode.Required, FtpTrust.System);
        Assert.Equal(TakeOverCheck.Unavailable, await legacy.CheckAsync("anna", "old secret", Token));
        Assert.Equal(0, _accounts.Logins);
        Assert.StartsWith($"the old server ftp://127.0.0.1:{old.EndPoint.Port} cannot check logins: ", Assert.Single(_reports));
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_reported_once_until_it_is_available_again()
    {
        int port = FindFreePort();
        using (LegacyServer legacy = Create(port))
        {
            Assert.Equal(TakeOverCheck.Unavailable, await legacy.CheckAsync("anna", "old secret", Token));
            Assert.Equal(TakeOverCheck.Unavailable, await legacy.CheckAsync("anna", "old secret", Token));
            Assert.Single(_reports);
            using var certificates = FtpCertificates.SelfSigned();
            await using FtpServer old = await StartAsync(certificates, port);
            Assert.Equal(TakeOverCheck.Accepted, await legacy.CheckAsync("anna", "old secret", Token));
            await old.StopAsync(Token);
            Assert.Equal(TakeOverCheck.Unavailable, await legacy.CheckAsync("anna", "old secret", Token));
            Assert.Equal(2, _reports.Count);
        }
    }

    [Fact]
    public async Task A_server_that_does_not_reply_is_unavailable_after_the_time_limit()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using LegacyServer legacy = Create(((IPEndPoint)silent.LocalEndpoint).Port, timeout: TimeSpan.FromMilliseconds(200));
        Assert.Equal(TakeOverCheck.Unavailable, await legacy.CheckAsync("anna", "old secret", Token));
        Assert.EndsWith("it did not reply in time", Assert.Single(_reports), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_four_checks_run_at_the_same_time()
    {
        using var certificates = FtpCertificates.SelfSigned();
        await using FtpServer old = await StartAsync(certificates);
        using LegacyServer legacy = Create(old.EndPoint.Port, timeout: TimeSpan.FromSeconds(3));
        _accounts.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<TakeOverCheck>[] checks = [.. Enumerable.Range(0, 4).Select(_ => legacy.CheckAsync("anna", "old secret", Token).AsTask())];
        await _accounts.WaitForLoginsAsync(4);
        Task<TakeOverCheck> fifth = legacy.CheckAsync("anna", "old secret", Token).AsTask();
        Assert.False(fifth.IsCompleted);
        Assert.Equal(4, _accounts.Logins);
        _accounts.Gate.SetResult();
        Assert.All(await Task.WhenAll(checks), check => Assert.Equal(TakeOverCheck.Accepted, check));
        Assert.Equal(TakeOverCheck.Accepted, await fifth);
    }

    [Fact]
    public async Task A_name_that_the_old_server_accepts_without_a_password_is_rejected()
    {
        _accounts.RequestsPassword = false;
        using var certificates = FtpCertificates.SelfSigned();
        await using FtpServer old = await StartAsync(certificates);
        using LegacyServer legacy = Create(old.EndPoint.Port);
        Assert.Equal(TakeOverCheck.Rejected, await legacy.CheckAsync("anna", "any", Token));
        Assert.Equal(1, _accounts.Logins);
        Assert.Equal(
            $"the old server ftp://127.0.0.1:{old.EndPoint.Port} does not verify the password of anna", Assert.Single(_reports));
    }

    [Fact]
    public void The_created_account_has_the_settings_of_the_template()
    {
        using LegacyServer legacy = Create(21);
        AccountSettings account = legacy.CreateAccount("anna", "hash");
        Assert.Equal(("anna", "hash", "/srv/ftp/%u"), (account.Name, account.PasswordHash, account.Access.Home));
        Assert.Equal(["old"], account.Groups);
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private LegacyServer Create(int port, FtpTlsMode tls = FtpTlsMode.Off, FtpTrust? trust = null, TimeSpan? timeout = null) => new(
        new LegacySettings(
            new FtpClientOptions { Host = "127.0.0.1", Port = port, Tls = tls, Trust = trust ?? FtpTrust.System }, "old", "/srv/ftp/%u"),
        (_, _) => { }, _reports.Add, timeout);

    private async Task<FtpServer> StartAsync(FtpCertificates certificates, int port = 0)
    {
        var server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = _accounts,
            EndPoint = new IPEndPoint(IPAddress.Loopback, port),
            Tls = new FtpTlsOptions { Certificates = certificates },
            LoginDelay = TimeSpan.Zero,
        });
        await server.StartAsync();
        return server;
    }

    /// <summary>The accounts of the old server.</summary>
    private sealed class OldAccounts : IAuthenticator
    {
        private readonly Channel<bool> _arrived = Channel.CreateUnbounded<bool>();
        private int _logins;

        public TaskCompletionSource? Gate { get; set; }

        public int Logins => Volatile.Read(ref _logins);

        public bool RequestsPassword { get; set; } = true;

        public bool RequiresPassword(string userName) => RequestsPassword;

        public async ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _logins);
            _arrived.Writer.TryWrite(true);
            await (Gate?.Task ?? Task.CompletedTask);
            return !RequestsPassword || credentials is { UserName: "anna", Password: "old secret" }
                ? new Account("anna", Permissions.ReadOnly)
                : null;
        }

        public async Task WaitForLoginsAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await _arrived.Reader.ReadAsync(Token);
            }
        }
    }
}
