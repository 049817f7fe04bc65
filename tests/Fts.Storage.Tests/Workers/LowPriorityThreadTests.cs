using Fts.Storage.Workers;

namespace Fts.Storage.Tests.Workers;

public sealed class LowPriorityThreadTests
{
    [Fact]
    public async Task The_task_has_the_result_of_the_work() =>
        Assert.Equal("fts test", await LowPriorityThread.RunAsync(() => Thread.CurrentThread.Name, "fts test"));

    [Fact]
    public async Task The_task_has_the_exception_of_the_work()
    {
        Task<int> failed = LowPriorityThread.RunAsync<int>(() => throw new IOException("No space left."), "fts test");
        Assert.Equal("No space left.", (await Assert.ThrowsAsync<IOException>(() => failed)).Message);
    }
}
