using System.Collections.Concurrent;
using System.Text;
using Fts.ProgramTests.Support;
using Fts.Serving.Logging;

namespace Fts.ProgramTests.Serving;

/// <summary>The writer of the log when its output fails.</summary>
public sealed class BackgroundLineWriterTests
{
    [Fact]
    public async Task Lines_of_a_failed_write_are_counted_and_later_lines_are_written()
    {
        var written = new ConcurrentQueue<string>();
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isFull = true;
        var writer = new BackgroundLineWriter(
            bytes =>
            {
                if (Volatile.Read(ref isFull))
                {
                    failed.TrySetResult();
                    throw new IOException("no space left");
                }

                written.Enqueue(Encoding.UTF8.GetString(bytes.Span));
            },
            (count, reason) => $"({count} discarded: {reason})");
        writer.Write("first");
        await failed.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        Volatile.Write(ref isFull, false);
        writer.Write("second");
        await writer.DisposeAsync();
        Assert.Equal("(1 discarded: no space left)\nsecond\n", string.Concat(written));
    }
}
