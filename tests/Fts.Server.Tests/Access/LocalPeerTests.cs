using System.Diagnostics;
using System.Globalization;
using System.Net;
using Fts.Accounts;
using Fts.Server.Access;
using Fts.Server.ProxyProtocol;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Access;

/// <summary>
/// The user of the process that opened a loopback connection. Tests run a client as another user with setpriv, which needs root.
/// </summary>
public sealed class LocalPeerTests
{
    private const uint Nobody = 65534;

    /// <summary>A command of bash that reads one reply of the server.</summary>
    private const string ReadReply = "read -r reply <&3; ";

    private readonly GeneratedPasswordAuthenticator _password = new("fts", Permissions.ReadWrite);

    [Theory, OnEveryWire]
    public async Task The_servers_own_user_logs_in_without_a_password(Wire wire)
    {
        await using TestServer server = Start(wire);
        await server.PlayAsync("C: PWD\nS: 257 *");
    }

    [Fact]
    public async Task Another_user_needs_the_password()
    {
        SkipUnlessRoot();
        await using TestServer server = Start(Wire.IPv4);
        string refused = await RunAsNobodyAsync(server, "USER anonymous", "PASS x", "PWD", "QUIT");
        Assert.Equal(["220", "331", "530", "530", "221"], GetCodes(refused));
        string accepted = await RunAsNobodyAsync(server, "USER fts", $"PASS {_password.Password}", "PWD", "QUIT");
        Assert.Equal(["220", "331", "230", "257", "221"], GetCodes(accepted));
    }

    [Fact]
    public async Task Another_user_with_a_closed_socket_is_not_treated_as_root()
    {
        SkipUnlessRoot();
        var held = new WaitingAuthenticator(new LocalUserAuthenticator(Permissions.ReadWrite, _password));
        await using TestServer server = new(Wire.IPv4, configure: options => options with { Authenticator = held });
        await RunScriptAsNobodyAsync(server, ReadReply + Send("USER anonymous") + ReadReply + Send("PASS x", "MKD made"));
        await held.CheckStarted.Task.WithDeadline();
        held.Continue.SetResult();
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Empty(await server.ListNamesAsync("/"));
    }

    [Fact]
    public async Task Another_users_failures_do_not_delay_the_servers_own_user()
    {
        SkipUnlessRoot();
        var clock = new ManualClock();
        await using TestServer server =
            Start(Wire.IPv4, options => options with { LoginDelay = TimeSpan.FromSeconds(1), TimeProvider = clock });
        string refused = await RunAsNobodyAsync(server, "USER fts", "PASS x", "QUIT");
        Assert.Equal(["220", "331", "530", "221"], GetCodes(refused));
        await using Conversation client = await server.LogInAsync();
        Assert.Empty(clock.Waiting);
    }

    [Fact]
    public async Task A_client_of_a_load_balancer_on_this_machine_is_not_local()
    {
        await using TestServer server =
            Start(Wire.IPv4, options => options with { ProxyProtocolNetworks = [IPNetwork.Parse("127.0.0.1/32")] });
        foreach (byte[] header in (
            byte[][])[ProxyHeaders.Create("192.0.2.7"), ProxyHeaders.Create("127.0.0.1", "127.0.0.1"), ProxyHeaders.HealthCheck])
        {
            await using Conversation client = await server.ConnectAsync(header: header);
            await client.PlayAsync("S: 220 *\nC: USER anonymous\nS: 331 *\nC: PASS x\nS: 530 *");
        }
    }

    [Fact]
    public async Task Credentials_without_a_user_lookup_do_not_belong_to_the_servers_user() =>
        Assert.False(await new Credentials("anonymous", "", IPAddress.Loopback, IsEncrypted: false)
            .IsServerUserAsync(TestContext.Current.CancellationToken));

    [Theory]
    [InlineData(0, 1000, true)]
    [InlineData(1000, 1000, true)]
    [InlineData(1001, 1000, false)]
    [InlineData(0, 0, true)]
    [InlineData(1000, 0, false)]
    public void Only_root_and_the_servers_own_user_are_trusted(uint user, uint ownUser, bool isTrusted) =>
        Assert.Equal(isTrusted, LocalPeer.IsTrusted(user, ownUser, isMappingComplete: true));

    [Fact]
    public void In_a_container_the_id_of_unmapped_users_is_not_trusted()
    {
        Assert.False(LocalPeer.IsTrusted(Nobody, Nobody, isMappingComplete: false));
        Assert.True(LocalPeer.IsTrusted(Nobody, Nobody, isMappingComplete: true));
    }

    [Theory]
    [InlineData(1, 4711, true)]
    [InlineData(5, 4711, true)]
    [InlineData(5, 0, false)]
    [InlineData(6, 0, false)]
    [InlineData(10, 4711, false)]
    public void Only_a_socket_that_a_process_holds_counts(int state, ulong inode, bool isHeld) =>
        Assert.Equal(isHeld, LocalPeer.IsHeldByProcess(state, inode));

    [Theory]
    [InlineData("127.0.0.1:50000", "127.0.0.1:2121", 1000u)]
    [InlineData("127.0.0.1:2121", "127.0.0.1:50000", 33u)]
    [InlineData("127.0.0.1:50001", "127.0.0.1:2121", null)]
    [InlineData("127.0.0.1:50002", "127.0.0.1:2121", 1002u)]
    [InlineData("[::1]:50003", "[::1]:2121", 1003u)]
    [InlineData("127.0.0.1:50004", "127.0.0.1:2121", null)]
    public void The_clients_row_of_the_kernels_table_is_found(string client, string server, uint? user)
    {
        string[] rows =
        [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            "   0: 00000000:0849 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 148248 1 000000008659cc67 100 0 0 10 0",
            "   1: 0100007F:0849 0100007F:C350 01 00000000:00000000 00:00000000 00000000    33        0 148249 1 000000008659cc67 20 4 30 10 -1",
            "   2: 0100007F:C350 0100007F:0849 01 00000000:00000000 00:00000000 00000000  1000        0 148250 1 000000008659cc67 20 4 30 10 -1",
            "   3: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:0849 01 00000000:00000000 00:00000000 00000000  1002        0 148251 1 00 20 4 30 10 -1",
            "   4: 00000000000000000000000001000000:C353 00000000000000000000000001000000:0849 01 00000000:00000000 00:00000000 00000000  1003        0 148252 1 00 20 4 30 10 -1",
            "   5: 0100007F:C354 0100007F:0849 06 00000000:00000000 03:00001770 00000000     0        0 0 3 000000008659cc67",
        ];
        Assert.Equal(user, ProcNetTcp.FindUser(rows, new ConnectionEndPoints(IPEndPoint.Parse(server), IPEndPoint.Parse(client))));
    }

    [Fact]
    public async Task The_kernels_table_contains_this_process()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has /proc/net/tcp.");
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using System.Net.Sockets.Socket accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Environment.IsPrivilegedProcess, ProcNetTcp.FindUser(ConnectionEndPoints.FromSocket(accepted)) == 0);
        Assert.NotNull(ProcNetTcp.FindUser(ConnectionEndPoints.FromSocket(accepted)));
    }

    private static void SkipUnlessRoot() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"),
            "Only root on Linux can be another user, by setpriv.");

    private TestServer Start(Wire wire, Func<FtpServerOptions, FtpServerOptions>? configure = null) => new(wire, configure: options =>
    {
        FtpServerOptions local = options with { Authenticator = new LocalUserAuthenticator(Permissions.ReadWrite, _password) };
        return configure is null ? local : configure(local);
    });

    /// <summary>A command of bash that sends lines to the server.</summary>
    private static string Send(params string[] lines) => $"printf '{string.Concat(lines.Select(line => line + "\\r\\n"))}' >&3; ";

    /// <summary>Sends lines as the user nobody. Returns the replies until the server closes.</summary>
    private static Task<string> RunAsNobodyAsync(TestServer server, params string[] lines) =>
        RunScriptAsNobodyAsync(server, Send(lines) + "cat <&3");

    /// <summary>
    /// Runs a script of bash as the user nobody, with the connection to the server as descriptor 3. A script that ends with unread
    /// replies resets the connection, and the server may lose what was sent: read every reply before the last lines.
    /// </summary>
    private static async Task<string> RunScriptAsNobodyAsync(TestServer server, string script)
    {
        script = string.Create(CultureInfo.InvariantCulture, $"exec 3<>/dev/tcp/127.0.0.1/{server.PlainEndPoint.Port}; {script}");
        using Process process =
            Process.Start(
            new ProcessStartInfo("/usr/bin/setpriv",
            ["--reuid=65534", "--clear-groups", "bash", "-c", script]) { RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WithDeadline();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WithDeadline();
        return output;
    }

    private static string[] GetCodes(string replies) =>
        [.. replies.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line[..3])];

    /// <summary>Waits in each password check until the test continues it.</summary>
    private sealed class WaitingAuthenticator(IAuthenticator accounts) : IAuthenticator
    {
        public TaskCompletionSource CheckStarted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Continue { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool RequiresPassword(string userName) => accounts.RequiresPassword(userName);

        public async ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
        {
            CheckStarted.TrySetResult();
            await Continue.Task;
            return await accounts.AuthenticateAsync(credentials, cancellationToken);
        }
    }
}
