using Fts.Client.Batch;

namespace Fts.Client.Tests.Batch;

public sealed class BlockPipelineTests
{
    private readonly Task
        _lost = Task.FromException(new FtpConnectionException(FtpOperationPhase.Reply, "the server closed the connection")),
        _stalled = Task.FromException(new FtpTimeoutException(FtpOperationPhase.Transfer, TimeSpan.FromSeconds(1))),
        _untrusted = Task.FromException(new FtpTlsException(FtpTlsFailure.UntrustedServerCertificate, "another key"));

    [Fact]
    public void The_task_that_failed_first_is_the_cause() =>
        Assert.Same(_lost, BlockPipeline<object>.SelectCause(_lost, [Task.CompletedTask, _stalled, _lost]));

    [Fact]
    public void An_untrusted_certificate_is_the_cause_even_if_the_control_connection_was_lost_before() =>
        Assert.Same(_untrusted, BlockPipeline<object>.SelectCause(_lost, [_lost, _untrusted]));

    [Fact]
    public void Without_a_failed_task_there_is_no_cause() =>
        Assert.Null(BlockPipeline<object>.SelectCause(null, [Task.CompletedTask, Task.FromCanceled(new CancellationToken(true))]));
}
