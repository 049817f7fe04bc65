using System.Text;
using Fts.Accounts.Delivery;
using Fts.Serving.Delivery;

namespace Fts.ProgramTests.Serving.Delivery;

/// <summary>Real programs that receive an event.</summary>
public sealed class ProgramRunTests
{
    private static readonly TimeSpan NoLimit = TimeSpan.FromMinutes(5);

    private static readonly string[] Environment = ["PATH=/usr/bin:/bin", "GREETING=hello"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cat", null, "{event}")]
    [InlineData("true", null, "")]
    [InlineData("echo $GREETING; echo 'second line ' >&2", null, "hello; second line")]
    [InlineData("echo no space left; exit 3", "exit code 3", "no space left")]
    [InlineData("kill -TERM $$", "killed by signal 15", "")]
    [InlineData(@"printf 'a\033[31mb\377'", null, "a\\x1B[31mb\uFFFD")]
    [InlineData("readlink /proc/self/fd/9 || echo none", null, "none")]
    public void The_exit_code_decides_and_the_output_is_collected(string script, string? error, string output) =>
        Assert.Equal(new DeliveryResult(error, output), Run(script, "{event}"));

    [Fact]
    public void Arguments_are_passed_as_they_are_without_a_shell()
    {
        string[] command = ["/bin/sh", "-c", "printf '%s|' \"$@\"", "sh", "a b", "$(id)", "", "*", "'\""];
        DeliveryResult result = ProgramRun.Run(command, Environment, [], NoLimit, Token);
        Assert.Equal(new DeliveryResult(null, "a b|$(id)||*|'\"|"), result);
    }

    [Fact]
    public void A_long_event_is_written_completely_and_a_program_need_not_read_it()
    {
        string input = new('x', 300_000);
        Assert.Equal(new DeliveryResult(null, "300000"), Run("wc -c", input));
        Assert.Equal(new DeliveryResult(null, "done"), Run("echo done", input));
        Assert.Equal(new DeliveryResult(null, "done"), Run("exec <&-; echo done", input));
    }

    [Fact]
    public void The_first_2048_bytes_of_a_long_output_are_kept() =>
        Assert.Equal(new DeliveryResult("exit code 1", new string('0', 2048)), Run("head -c 1000000 /dev/zero | tr '\\0' 0; exit 1"));

    [Fact]
    public void After_the_time_limit_the_program_and_the_processes_that_it_started_are_killed()
    {
        DeliveryResult result = ProgramRun.Run(
            ["/bin/sh", "-c", "sleep 1000 & echo $!; wait"], Environment, [], TimeSpan.FromSeconds(1), Token);
        Assert.Equal("killed after 1 s", result.Error);
        AssertEnds(result.Output);
    }

    [Fact]
    public void A_cancelled_run_kills_the_program()
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => ProgramRun.Run(
            ["/bin/sleep", "1000"], Environment, [], NoLimit, cancellation.Token));
    }

    [Fact]
    public void A_process_in_the_background_does_not_delay_the_result()
    {
        DeliveryResult result = Run("sleep 1000 & echo $!");
        Assert.Null(result.Error);
        Support.RunningProgram.SendSignal(int.Parse(result.Output, System.Globalization.CultureInfo.InvariantCulture), 9);
    }

    [Theory]
    [InlineData("/nonexistent/program", "cannot run /nonexistent/program: No such file or directory")]
    [InlineData("/etc/passwd", "cannot run /etc/passwd: Permission denied")]
    public void A_program_that_cannot_be_started_is_a_failure(string program, string error) =>
        Assert.Equal(error, ProgramRun.Run([program], Environment, [], NoLimit, Token).Error);

    private static DeliveryResult Run(string script, string input = "") =>
        ProgramRun.Run(["/bin/sh", "-c", script], Environment, Encoding.ASCII.GetBytes(input), NoLimit, Token);

    /// <summary>Waits until a process has ended. Its parent may not have collected it yet.</summary>
    private static void AssertEnds(string process) => Assert.True(SpinWait.SpinUntil(
        () =>
        {
            try
            {
                string status = File.ReadAllText($"/proc/{process}/stat");
                return status[status.LastIndexOf(')') + 2] is 'Z' or 'X';
            }
            catch (IOException)
            {
                return true;
            }
        },
        Support.Deadline.Default));
}
