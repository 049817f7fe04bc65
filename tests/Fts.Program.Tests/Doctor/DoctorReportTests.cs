using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Doctor;

namespace Fts.ProgramTests.Doctor;

/// <summary>Tests of the text of <c>fts doctor</c>, and of the servers that its argument names.</summary>
public sealed class DoctorReportTests
{
    private static readonly CheckResult Blocked = CheckResult.Problem(
        "pasv", ExitCode.TransferFailed, "port 50001 does not respond: a firewall blocks the passive ports",
        "open the passive ports of the server in its firewall and router");

    [Fact]
    public void On_a_terminal_of_80_columns_the_detail_is_wrapped_and_the_advice_follows_on_its_own_line() => Assert.Equal(
        """
        problem  pasv         port 50001 does not respond: a firewall blocks the passive
                              ports
                              try: open the passive ports of the server in its firewall
                              and router
        """.Split('\n'),
        DoctorReport.Format(Blocked, 80));

    [Fact]
    public void In_a_pipe_each_verdict_is_one_line() => Assert.Equal(
        [
            "problem  pasv         port 50001 does not respond: a firewall blocks the passive ports; " +
            "try: open the passive ports of the server in its firewall and router",
        ],
        DoctorReport.Format(Blocked, null));

    [Fact]
    public void Control_characters_of_a_server_are_escaped() => Assert.Equal(
        [@"ok       greeting     220 a\x1b[2Jb"], DoctorReport.Format(CheckResult.Ok("greeting", "220 a\e[2Jb"), null));

    [Theory]
    [InlineData("files.example.com", "files.example.com:21", null, false)]
    [InlineData("files.example.com:2121", "files.example.com:2121", null, true)]
    [InlineData("ann@files.example.com", "files.example.com:21", "ann", false)]
    [InlineData("ann@[2001:db8::1]:2121", "[2001:db8::1]:2121", "ann", true)]
    [InlineData("2001:db8::1", "[2001:db8::1]:21", null, false)]
    [InlineData("[2001:db8::1]", "[2001:db8::1]:21", null, false)]
    [InlineData("ftp://ann@files.example.com/pub", "files.example.com:21", "ann", true)]
    public void The_argument_names_a_server_with_or_without_a_port(string word, string server, string? user, bool hasPort)
    {
        (Target target, bool isPortNamed) = DoctorSettings.ParseTarget(word, null);
        Assert.Equal((server, user, hasPort), (target.ToString(), target.User, isPortNamed));
    }

    [Theory]
    [InlineData("2121")]
    [InlineData("ann:secret@files.example.com")]
    [InlineData("http://files.example.com")]
    public void An_argument_that_names_no_server_is_a_usage_error(string word) => Assert.Equal(
        ExitCode.UsageError, Assert.Throws<UserErrorException>(() => DoctorSettings.ParseTarget(word, null)).Error.ExitCode);
}
