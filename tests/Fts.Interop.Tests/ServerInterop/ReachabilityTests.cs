using System.Net;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>Other clients with a server that has few passive ports or is behind a load balancer.</summary>
public sealed class ReachabilityTests
{
    private const string LoadBalancer = "127.0.0.3";

    [Fact]
    public async Task Lftp_mirrors_over_three_connections_with_three_passive_ports()
    {
        FtpPassivePorts range = FindPassivePorts(3);
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(
            "127.0.0.1", configure: options => options with { PassivePorts = range });
        TestTree.Create(server.Local.CreateFolder("tree"));

        string commands = string.Join(
            "; ", "set cmd:fail-exit yes", "set net:max-retries 2", "set net:timeout 10", "set net:reconnect-interval-base 1",
            "set ftp:charset UTF-8", $"open -u {server.User},{server.Password} ftp://{server.Authority}",
            "mirror -R --parallel=3 tree /box", "mirror --parallel=3 /box back");
        (await ProcessRunner.RunAsync(Tool.Require("lftp"), server.Local, "--norc", "-c", commands)).AssertSuccess();

        TreeSnapshot.AssertEqual(server.Local["tree"], server.WritableFolder);
        TreeSnapshot.AssertEqual(server.Local["tree"], server.Local["back"]);
    }

    [Theory]
    [InlineData("--ftp-pasv")]
    [InlineData("--disable-epsv")]
    public async Task Curl_transfers_with_a_single_passive_port(string option)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(
            "127.0.0.1", configure: options => options with { PassivePorts = FindPassivePorts(1) });

        await RoundTripAsync(server, server.GetUrl("big.bin"), option);
    }

    [Theory]
    [InlineData(false, "--ftp-pasv")]
    [InlineData(false, "--disable-epsv")]
    [InlineData(true, "--ftp-pasv", "-k", "--ssl-reqd")]
    public async Task Curl_transfers_through_a_load_balancer_that_sends_PROXY_headers(bool encrypted, params string[] options)
    {
        FtpPassivePorts range = FindPassivePorts(2);
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted, serverOptions => serverOptions with
        {
            PassivePorts = range,
            ProxyProtocolNetworks = [IPNetwork.Parse($"{LoadBalancer}/32")],
        });
        var address = IPAddress.Parse(LoadBalancer);
        int port = ServerProcess.FindFreePort(address);
        await using var control = new ProxyProtocolRelay(new IPEndPoint(address, port), server.EndPoint);
        await using var first = new ProxyProtocolRelay(
            new IPEndPoint(address, range.First), new IPEndPoint(IPAddress.Loopback, range.First));
        await using var last = new ProxyProtocolRelay(
            new IPEndPoint(address, range.Last), new IPEndPoint(IPAddress.Loopback, range.Last));

        await RoundTripAsync(server, $"ftp://{LoadBalancer}:{port}{ServerUnderTest.WritablePath}/big.bin", options);

        Assert.Equal((2, 2), (control.ConnectionCount, first.ConnectionCount + last.ConnectionCount));
    }

    private static async Task RoundTripAsync(ServerUnderTest server, string url, params string[] options)
    {
        string[] common = ["-q", "-sS", "-u", $"{server.User}:{server.Password}", .. options];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, [.. common, "-T", TestTree.LargeFile, url])).AssertSuccess();
        string[] download = [.. common, "-o", server.Local["back.bin"], url];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, download)).AssertSuccess();
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    /// <summary>Returns consecutive ports of which the first is free. The server skips ports that are in use.</summary>
    private static FtpPassivePorts FindPassivePorts(int count)
    {
        int first = ServerProcess.FindFreePort(IPAddress.Loopback);
        return new FtpPassivePorts(first, first + count - 1);
    }
}
