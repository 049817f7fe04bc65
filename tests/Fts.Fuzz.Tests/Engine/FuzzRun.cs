namespace Fts.FuzzTests.Engine;

/// <summary>A parser failed for an input.</summary>
internal sealed class FuzzFailureException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Runs inputs through one target on a separate thread, so that an input for which the parser hangs is reported.</summary>
internal sealed class FuzzRun(FuzzTarget target, ulong seed, TimeSpan? timeout = null)
{
    /// <summary>The allocation that is allowed for any input, for example for an exception.</summary>
    private const int BaseAllocation = 32 * 1024;

    /// <summary>Much longer than any input takes on a busy machine.</summary>
    private readonly TimeSpan _timeout = timeout ?? TimeSpan.FromSeconds(60);

    private readonly Mutator _mutator = new(Corpus.Load(target.Corpus), seed);
    private byte[] _input = [];
    private int _done;

    /// <summary>Runs the inputs 0 to <paramref name="inputs"/> - 1. Returns their number.</summary>
    /// <exception cref="FuzzFailureException">The parser failed for an input.</exception>
    public async Task<int> RunAsync(int inputs)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                RunAll(inputs);
                end.SetResult();
            }
            catch (FuzzFailureException e)
            {
                end.SetException(e);
            }
        })
        { IsBackground = true, Name = "fuzz " + target.Name };
        thread.Start();
        for (int before = -1; ;)
        {
            try
            {
                await end.Task.WaitAsync(_timeout);
                return _done;
            }
            catch (TimeoutException) when (Volatile.Read(ref _done) is var now && now > before)
            {
                before = now;
            }
            catch (TimeoutException)
            {
                throw CreateFailure("the parser did not return");
            }
        }
    }

    private void RunAll(int inputs)
    {
        for (int number = 0; number < inputs; number++)
        {
            ReadOnlySpan<byte> input = _mutator.CreateInput(number);
            Volatile.Write(ref _input, input.ToArray());
            long limit = BaseAllocation + ((long)target.BytesPerByte * input.Length);
            // The first input may also allocate the tables of the parser, so a second run decides.
            if (MeasureAllocation(input) > limit && MeasureAllocation(input) is var bytes && bytes > limit)
            {
                throw CreateFailure($"{bytes} bytes allocated for an input of {input.Length}");
            }

            Volatile.Write(ref _done, number + 1);
        }
    }

    private long MeasureAllocation(ReadOnlySpan<byte> input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Act(input);
        }
        catch (Exception e) when (e.GetType() == target.ExpectedException)
        {
            // The parser rejected the input.
        }
        catch (Exception e)
        {
            throw CreateFailure(e.GetType().Name, e);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private FuzzFailureException CreateFailure(string reason, Exception? cause = null) => new($"""
        {target.Name}: {reason} at input {_done} of seed {seed}. As a line of Corpus/{target.Corpus}.txt:
        {Corpus.Escape(Volatile.Read(ref _input))}
        {cause}
        """, cause);
}
