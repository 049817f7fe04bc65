using System.Collections.Concurrent;
using System.Text;
using Fts.ProgramTests.Support;
using Fts.Serving.Logging;

namespace Fts.ProgramTests.Serving;

/// <summary>The writer of the log when its output fails or is replaced.</summary>
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

    [Fact]
    public async Task Lines_of_a_failed_write_are_counted_even_if_the_next_write_of_the_same_batch_succeeds()
    {
        var written = new ConcurrentQueue<string>();
        var isWriting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var canWrite = new ManualResetEventSlim();
        int writes = 0;
        var writer = new BackgroundLineWriter(
            bytes =>
            {
                isWriting.TrySetResult();
                canWrite.Wait();
                if (++writes == 2)
                {
                    throw new IOException("no space left");
                }

                written.Enqueue(Encoding.UTF8.GetString(bytes.Span));
            },
            (count, reason) => $"({count} discarded: {reason})");
        writer.Write("first");
        await isWriting.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        writer.Write(new string('a', 64 * 1024)); // as long as one write, which fails
        writer.Write("third");
        canWrite.Set();
        await writer.DisposeAsync();
        Assert.Equal("first\nthird\n(1 discarded: no space left)\n", string.Concat(written));
    }

    [Fact]
    public async Task Lines_before_an_action_are_written_before_it_and_later_lines_after_it()
    {
        var outputs = new ConcurrentDictionary<string, string>();
        string output = "old";
        var isWriting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var canWrite = new ManualResetEventSlim();
        var writer = new BackgroundLineWriter(
            bytes =>
            {
                isWriting.TrySetResult();
                canWrite.Wait();
                string text = Encoding.UTF8.GetString(bytes.Span);
                outputs.AddOrUpdate(output, text, (_, before) => before + text);
            },
            (_, _) => null);
        writer.Write("first");
        await isWriting.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        writer.Write("second");
        writer.RunBetweenLines(() => output = "new");
        writer.Write("third");
        canWrite.Set();
        await writer.DisposeAsync();
        Assert.Equal("first\nsecond\n", outputs["old"]);
        Assert.Equal("third\n", outputs["new"]);
    }
}
