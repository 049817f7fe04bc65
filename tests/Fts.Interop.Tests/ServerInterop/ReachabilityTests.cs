using System.Net;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>Other people's clients and a server that has few ports for data, or a balancer in front of it.</summary>
public sealed class ReachabilityTests
{
    private const string LoadBalancer = "127.0.0.3";

    [Fact]
    public async Task Lftp_mirrors_with_as_many_ports_as_it_has_connections()
    {
        FtpPassivePorts range = FindPassivePorts(3);
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", configure: options => options with { PassivePorts = range });
        TestTree.Create(server.Local.CreateFolder("tree"));

        string[] settings = ["set cmd:fail-exit yes", "set net:max-retries 2", "set net:timeout 10", "set net:reconnect-interval-base 1", "set ftp:charset UTF-8"];
        string open = $"open -u {server.User},{server.Password} ftp://{server.Authority}";
        (await ProcessRunner.RunAsync(Tool.Require("lftp"), server.Local, "--norc", "-c", string.Join("; ", [.. settings, open, "mirror -R --parallel=3 tree /box", "mirror --parallel=3 /box back"]))).AssertSuccess();

        TreeSnapshot.AssertEqual(server.Local["tree"], server.WritableFolder);
        TreeSnapshot.AssertEqual(server.Local["tree"], server.Local["back"]);
    }

    [Theory]
    [InlineData("--ftp-pasv")]
    [InlineData("--disable-epsv")]
    public async Task Curl_uses_the_range(string option)
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", configure: options => options with { PassivePorts = FindPassivePorts(1) });

        await RoundTripAsync(server, server.GetUrl("big.bin"), option);
    }

    [Theory]
    [InlineData(false, "--ftp-pasv")]
    [InlineData(false, "--disable-epsv")]
    [InlineData(true, "--ftp-pasv", "-k", "--ssl-reqd")]
    public async Task Curl_comes_through_a_balancer_that_writes_PROXY_headers(bool encrypted, params string[] options)
    {
        FtpPassivePorts range = FindPassivePorts(2);
        await using ServerUnderTest server = await ServerUnderTest.StartAsync("127.0.0.1", encrypted, with => with with
        {
            PassivePorts = range,
            ProxyProtocolNetworks = [IPNetwork.Parse($"{LoadBalancer}/32")],
        });
        int port = ServerProcess.FindFreePort(IPAddress.Parse(LoadBalancer));
        await using var control = new ProxyProtocolRelay(new IPEndPoint(IPAddress.Parse(LoadBalancer), port), server.EndPoint);
        await using var first = new ProxyProtocolRelay(new IPEndPoint(IPAddress.Parse(LoadBalancer), range.First), new IPEndPoint(IPAddress.Loopback, range.First));
        await using var last = new ProxyProtocolRelay(new IPEndPoint(IPAddress.Parse(LoadBalancer), range.Last), new IPEndPoint(IPAddress.Loopback, range.Last));

        await RoundTripAsync(server, $"ftp://{LoadBalancer}:{port}{ServerUnderTest.WritablePath}/big.bin", options);

        Assert.Equal((2, 2), (control.ConnectionCount, first.ConnectionCount + last.ConnectionCount));
    }

    private static async Task RoundTripAsync(ServerUnderTest server, string url, params string[] options)
    {
        string[] all = ["-q", "-sS", "-u", $"{server.User}:{server.Password}", .. options];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, [.. all, "-T", TestTree.LargeFile, url])).AssertSuccess();
        (await ProcessRunner.RunAsync(Tool.Require("curl"), server.Local, [.. all, "-o", server.Local["back.bin"], url])).AssertSuccess();
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.GetServerPath("big.bin"));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, server.Local["back.bin"]);
    }

    /// <summary>Ports in a row of which the first is free; the server passes over those that are not.</summary>
    private static FtpPassivePorts FindPassivePorts(int count)
    {
        int first = ServerProcess.FindFreePort(IPAddress.Loopback);
        return new FtpPassivePorts(first, first + count - 1);
    }
}
