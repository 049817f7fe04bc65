namespace Fts.FuzzTests.Engine;

/// <summary>An input that broke a parser.</summary>
internal sealed class FuzzFailureException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Puts a number of inputs through one target, on a thread of its own, so that one which never comes back is told instead of waited for.</summary>
internal sealed class FuzzRun(FuzzTarget target, ulong seed, TimeSpan? patience = null)
{
    /// <summary>Allocations that depend on no input: an exception's, a builder's first.</summary>
    private const int BytesAnyway = 32 * 1024;

    /// <summary>Far beyond what any input takes on the busiest machine.</summary>
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(60);

    private readonly Mutator _mutator = new(Corpus.Load(target.Corpus), seed);
    private byte[] _input = [];
    private int _done;

    /// <summary>Runs inputs 0 to <paramref name="inputs"/> - 1; returns how many were run.</summary>
    /// <exception cref="FuzzFailureException">One of them broke the parser.</exception>
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
                await end.Task.WaitAsync(_patience);
                return _done;
            }
            catch (TimeoutException) when (Volatile.Read(ref _done) is var now && now > before)
            {
                before = now;
            }
            catch (TimeoutException)
            {
                throw Failure("it does not come back");
            }
        }
    }

    private void RunAll(int inputs)
    {
        for (int number = 0; number < inputs; number++)
        {
            ReadOnlySpan<byte> input = _mutator.CreateInput(number);
            Volatile.Write(ref _input, input.ToArray());
            long most = BytesAnyway + ((long)target.BytesPerByte * input.Length);
            // A parser's tables are made with the first input that needs them, and not twice.
            if (BytesTaken(input) > most && BytesTaken(input) is var bytes && bytes > most)
            {
                throw Failure($"{bytes} bytes allocated for an input of {input.Length}");
            }

            Volatile.Write(ref _done, number + 1);
        }
    }

    private long BytesTaken(ReadOnlySpan<byte> input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Act(input);
        }
        catch (Exception e) when (e.GetType() == target.Refusal)
        {
            // Refused in the parser's own words.
        }
        catch (Exception e)
        {
            throw Failure(e.GetType().Name, e);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private FuzzFailureException Failure(string what, Exception? cause = null) => new($"""
        {target.Name}: {what} at input {_done} of seed {seed}. As a line of Corpus/{target.Corpus}.txt:
        {Corpus.Escape(Volatile.Read(ref _input))}
        {cause}
        """, cause);
}
