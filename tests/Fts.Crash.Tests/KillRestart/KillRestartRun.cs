using System.Text;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.KillRestart;

/// <summary>
/// Workers that change a shared folder while the server is killed and restarted repeatedly. The folder is kept from round to round. Every
/// few rounds the workers delete everything, and a file that remains has leaked.
/// </summary>
internal sealed class KillRestartRun(int seed, params string[] options) : IDisposable
{
    private const int KillSignal = 9, Workers = 4, RoundsBetweenCleanups = 10, MaxDelayMilliseconds = 300;

    private readonly RandomChoices _random = new(seed);
    private readonly TestFolder _folder = new();
    private readonly Worker[] _workers =
        [.. Enumerable.Range(0, Workers).Select(number => new Worker($"w{number}", unchecked((seed * 31) + number)))];
    private int _round;
    private bool _isKilled;

    /// <summary>The number of partial uploads that were resumed and completed so far.</summary>
    public int ResumedUploads => _workers.Sum(worker => worker.ResumedUploads);

    /// <summary>The number of kills so far during which the server was appending to a file.</summary>
    public int UnfinishedAppends { get; private set; }

    /// <summary>Runs <paramref name="kills"/> rounds of work, kill and check.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">The folder differs from the expected state, or the server sent a wrong reply.</exception>
    public async Task RunAsync(int kills)
    {
        try
        {
            for (_round = 1; _round <= kills; _round++)
            {
                await RunRoundAsync();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new Xunit.Sdk.XunitException(CreateReport(e), e);
        }
    }

    public void Dispose() => _folder.Dispose();

    private async Task RunRoundAsync()
    {
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--quiet", .. options]);
        Assert.DoesNotContain("warning: ", server.Program.Messages, StringComparison.Ordinal);
        await RecoverAsync(server.Port);
        await KillDuringWorkAsync(server);
        Assert.DoesNotContain("error: ", server.Program.Messages, StringComparison.Ordinal);
        if (FolderSnapshot.HasUnfinishedAppend(_folder.Path))
        {
            UnfinishedAppends++;
            await CompleteAppendsAsync();
        }

        var snapshot = FolderSnapshot.Read(_folder.Path);
        Assert.Empty(snapshot.Visible.Keys.Except(_workers.SelectMany(worker => snapshot.GetFilesOf(worker).Keys)));
        foreach (Worker worker in _workers)
        {
            if (worker.Expected.Reconcile(snapshot.GetFilesOf(worker)) is { } difference)
            {
                Assert.Fail($"{worker.Prefix}, {difference}");
            }
        }
    }

    /// <summary>Starts a server, which completes or undoes the appends that the killed server left. The listing waits for that.</summary>
    private async Task CompleteAppendsAsync()
    {
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--quiet", .. options]);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        client.AssertReply((await client.DownloadAsync("NLST")).Reply, "226");
        Assert.False(FolderSnapshot.HasUnfinishedAppend(_folder.Path));
    }

    /// <summary>Kills the server at a random moment: mostly during the work, sometimes before it begins.</summary>
    private async Task KillDuringWorkAsync(RunningServer server)
    {
        _isKilled = false;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int waitingWorkers = Workers;
        Task[] work = [.. _workers.Select(worker => Task.Run(() => WorkAsync(worker, server.Port, () =>
        {
            if (Interlocked.Decrement(ref waitingWorkers) == 0)
            {
                started.SetResult();
            }
        })))];
        Task failed = Task.WhenAny(work).Unwrap();
        if (!_random.IsOneIn(8))
        {
            await Task.WhenAny(started.Task, failed);
            await Task.WhenAny(Task.Delay(_random.NextBelow(MaxDelayMilliseconds + 1)), failed);
        }

        Volatile.Write(ref _isKilled, true);
        server.Program.SendSignal(KillSignal);
        await server.Program.WaitForExitAsync();
        await Task.WhenAll(work);
    }

    private async Task WorkAsync(Worker worker, int port, Action started)
    {
        await worker.WorkAsync(port, started);
        Assert.True(Volatile.Read(ref _isKilled), $"{worker.Prefix} lost its connection before the server was killed.");
    }

    /// <summary>
    /// Checks a restarted server: it lists exactly the committed files, and clients can resume every staging file except the unreachable
    /// ones.
    /// </summary>
    private async Task RecoverAsync(int port)
    {
        await AssertListingAsync(port);
        var snapshot = FolderSnapshot.Read(_folder.Path);
        var sizes = new List<(long? Size, long CommittedLength)>();
        foreach (Worker worker in _workers)
        {
            sizes.AddRange(await worker.GetPartialSizesAsync(port));
        }

        long[] unreachableLengths = [.. snapshot.StagedLengths.Where(length => length > 0 && !RemoveSize(sizes, length))];
        int unreachable = _workers.Sum(worker => worker.Expected.Unreachable);
        Assert.True(unreachableLengths.Length <= unreachable,
            $"Staging files of {string.Join(", ", unreachableLengths)} bytes cannot be resumed. "
            + $"SIZE reports other partial uploads of {string.Join(", ", sizes.Select(reported => reported.Size))} bytes.");
        foreach (Worker worker in _workers)
        {
            await worker.RecoverAsync(port);
        }

        if (_round % RoundsBetweenCleanups == 0)
        {
            await DeleteAllAsync(port, unreachable);
        }
    }

    /// <summary>Removes the reported size of a staging file of this length. Returns false if there is none.</summary>
    /// <remarks>The staging file of an append contains only the bytes after the end of the committed file.</remarks>
    private static bool RemoveSize(List<(long? Size, long CommittedLength)> sizes, long length)
    {
        int index = sizes.FindIndex(reported => reported.Size == length);
        index = index >= 0 ? index : sizes.FindIndex(reported => reported.Size - reported.CommittedLength == length);
        if (index >= 0)
        {
            sizes.RemoveAt(index);
        }

        return index >= 0;
    }

    private async Task AssertListingAsync(int port)
    {
        using RawFtpClient client = await RawFtpClient.LogInAsync(port);
        (byte[]? names, string reply) = await client.DownloadAsync("NLST");
        client.AssertReply(reply, "226");
        Assert.Equal(
            _workers.SelectMany(worker => worker.Expected.Committed.Keys).Order(StringComparer.Ordinal),
            Encoding.UTF8.GetString(names!).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private async Task DeleteAllAsync(int port, int unreachable)
    {
        foreach (Worker worker in _workers)
        {
            await worker.DeleteAllAsync(port);
        }

        var snapshot = FolderSnapshot.Read(_folder.Path);
        Assert.Empty(snapshot.Visible);
        Assert.True(snapshot.StagedLengths.Count <= unreachable,
            $"Staging files of {string.Join(", ", snapshot.StagedLengths)} bytes remain after everything was deleted.");
        foreach (string file in _folder.Names)
        {
            File.Delete(_folder[file]);
        }
    }

    private string CreateReport(Exception e)
    {
        IEnumerable<string> transcripts = _workers.Select(worker => $"--- {worker.Prefix}\n{worker.Transcript}");
        IEnumerable<string> files = new DirectoryInfo(_folder.Path).EnumerateFiles().Select(file => $"{file.Name} {file.Length}");
        return $"FTS_KILL_SEED={seed}, kill {_round}: {e.Message}\n{string.Join('\n', transcripts)}\n"
            + $"--- in the folder\n{string.Join('\n', files)}\n{e}";
    }
}
