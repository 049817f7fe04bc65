using System.Net.Sockets;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers.Retries;

namespace Fts.ProgramTests.Transfers;

public sealed class RetryPolicyTests
{
    [Theory]
    [InlineData(1, 0.5, 1)]
    [InlineData(2, 0.5, 2)]
    [InlineData(3, 0.5, 4)]
    [InlineData(3, 0, 3)]
    [InlineData(3, 1, 5)]
    [InlineData(7, 0.5, 60)]
    [InlineData(500, 0.5, 60)]
    public void Delays_double_up_to_a_minute_and_vary_by_a_quarter(int failedAttempts, double random, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), new RetryPolicy(5, TimeSpan.FromSeconds(1)).GetDelay(failedAttempts, random));

    [Fact]
    public void The_announcement_has_the_attempt_the_delay_and_the_kept_part()
    {
        var policy = new RetryPolicy(5, TimeSpan.FromSeconds(1));
        Assert.Equal(
            "connection lost, attempt 2 of 5 in 3 s (61 % kept)",
            policy.FormatAnnouncement("connection lost", 2, TimeSpan.FromSeconds(3.2), "61 % kept"));
        Assert.Equal(
            "connection lost, attempt 3 of 5 in 1 s", policy.FormatAnnouncement("connection lost", 3, TimeSpan.FromSeconds(1), null));
    }

    [Theory]
    [InlineData(421, true)]
    [InlineData(425, true)]
    [InlineData(426, true)]
    [InlineData(450, true)]
    [InlineData(451, true)]
    [InlineData(452, false)]
    [InlineData(530, false)]
    [InlineData(550, false)]
    [InlineData(552, false)]
    [InlineData(553, false)]
    public void Only_transient_replies_are_repeated(int code, bool expected)
    {
        var reply = new FtpReply((FtpReplyCode)code, ["text"]);
        Assert.Equal(expected, RetryPolicy.IsTransient(new FtpReplyException(reply, "RETR a")));
        Assert.Equal(expected, RetryPolicy.IsRefusedForNow(new FtpReplyException(reply, "DELE a")));
    }

    [Fact]
    public void A_lost_connection_is_repeated_for_transfers_only()
    {
        var lost = new FtpConnectionException(FtpOperationPhase.Transfer, "lost", new SocketException((int)SocketError.ConnectionReset));
        Assert.True(RetryPolicy.IsTransient(lost));
        Assert.False(RetryPolicy.IsRefusedForNow(lost));
        Assert.Equal("connection lost", RetryPolicy.DescribeReason(lost));
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, false)]
    [InlineData(SocketError.HostNotFound, false)]
    [InlineData(SocketError.ConnectionReset, true)]
    [InlineData(SocketError.TimedOut, true)]
    public void A_refused_first_connection_is_reported_at_once(SocketError error, bool expected) => Assert.Equal(
        expected,
        RetryPolicy.IsTransientConnect(new FtpConnectionException(FtpOperationPhase.Connect, "failed", new SocketException((int)error))));

    [Fact]
    public void Trust_errors_are_permanent() => Assert.False(
        RetryPolicy.IsTransient(new FtpTlsException(FtpTlsFailure.UntrustedServerCertificate, "untrusted")));
}
