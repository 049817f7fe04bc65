using System.Net;
using Fts.Cli.Connections;
using Fts.Client;

namespace Fts.ProgramTests.Cli.Connections;

/// <summary>Tests of the status text while connecting.</summary>
public sealed class ConnectMeterTests
{
    [Theory]
    [InlineData(FtpConnectStage.ResolvingName, null, "connecting to ftp.example.org:21… looking up the name")]
    [InlineData(FtpConnectStage.Connecting, "192.0.2.1:21", "connecting to ftp.example.org:21… trying 192.0.2.1:21")]
    [InlineData(FtpConnectStage.Connecting, null, "connecting to ftp.example.org:21… trying the proxy")]
    [InlineData(FtpConnectStage.AwaitingGreeting, "192.0.2.1:21",
        "connecting to ftp.example.org:21… waiting for the greeting (192.0.2.1:21)")]
    [InlineData(FtpConnectStage.Encrypting, "192.0.2.1:21", "connecting to ftp.example.org:21… starting TLS (192.0.2.1:21)")]
    [InlineData(FtpConnectStage.LoggingIn, null, "connecting to ftp.example.org:21… logging in")]
    public void Each_step_is_named_with_the_address(FtpConnectStage stage, string? address, string expected) => Assert.Equal(
        expected, ConnectMeter.Format(
            "ftp.example.org:21", new FtpConnectProgress(stage, address is null ? null : IPEndPoint.Parse(address))));

    [Fact]
    public void An_address_that_was_typed_is_shown_once() => Assert.Equal(
        "connecting to 192.0.2.1:21… waiting for the greeting",
        ConnectMeter.Format("192.0.2.1:21", new FtpConnectProgress(FtpConnectStage.AwaitingGreeting, IPEndPoint.Parse("192.0.2.1:21"))));
}
