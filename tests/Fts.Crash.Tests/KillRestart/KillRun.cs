using System.Text;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.KillRestart;

/// <summary>
/// A folder, workers, and a server that is killed and started again and again. Leftovers of a round are met by the next ones, and cleaned up now and then:
/// what is then still there has leaked.
/// </summary>
internal sealed class KillRun(int seed, params string[] options) : IDisposable
{
    private const int KillSignal = 9, Workers = 4, RoundsBetweenCleanings = 10, MaxDelayMilliseconds = 300;

    private readonly Dice _dice = new(seed);
    private readonly TestFolder _folder = new();
    private readonly Worker[] _workers = [.. Enumerable.Range(0, Workers).Select(number => new Worker($"w{number}", unchecked((seed * 31) + number)))];
    private int _round;
    private bool _isKilled;

    /// <summary>Broken uploads that were continued and became whole, so far.</summary>
    public int Continued => _workers.Sum(worker => worker.Continued);

    /// <summary>Kills it that many times.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">Something was found that must not be.</exception>
    public async Task RunAsync(int kills)
    {
        try
        {
            for (_round = 1; _round <= kills; _round++)
            {
                await RoundAsync();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new Xunit.Sdk.XunitException(Report(e), e);
        }
    }

    public void Dispose() => _folder.Dispose();

    private async Task RoundAsync()
    {
        await using RunningServer server = await RunningServer.OnFolderAsync(_folder, [], ["--quiet", .. options]);
        Assert.DoesNotContain("warning: ", server.Program.Messages, StringComparison.Ordinal);
        await RecoverAsync(server.Port);
        await KillAtWorkAsync(server);
        Assert.DoesNotContain("error: ", server.Program.Messages, StringComparison.Ordinal);

        var look = FolderLook.At(_folder.Path);
        Assert.Empty(look.Visible.Keys.Except(_workers.SelectMany(worker => look.Of(worker).Keys)));
        foreach (Worker worker in _workers)
        {
            if (worker.Ledger.Settle(look.Of(worker)) is { } wrong)
            {
                Assert.Fail($"{worker.Prefix}, {wrong}");
            }
        }
    }

    /// <summary>The moment is by chance: often in the middle of the work, sometimes before it began.</summary>
    private async Task KillAtWorkAsync(RunningServer server)
    {
        _isKilled = false;
        var working = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int silent = Workers;
        Task[] work = [.. _workers.Select(worker => Task.Run(() => WorkAsync(worker, server.Port, () =>
        {
            if (Interlocked.Decrement(ref silent) == 0)
            {
                working.SetResult();
            }
        })))];
        Task failed = Task.WhenAny(work).Unwrap();
        if (!_dice.OneIn(8))
        {
            await Task.WhenAny(working.Task, failed);
            await Task.WhenAny(Task.Delay(_dice.Below(MaxDelayMilliseconds + 1)), failed);
        }

        Volatile.Write(ref _isKilled, true);
        server.Program.Signal(KillSignal);
        await server.Program.ExitAsync();
        await Task.WhenAll(work);
    }

    private async Task WorkAsync(Worker worker, int port, Action working)
    {
        await worker.WorkAsync(port, working);
        Assert.True(Volatile.Read(ref _isKilled), $"{worker.Prefix} lost its connection though nobody killed the server.");
    }

    /// <summary>The server that was started on what the last one left: it shows what is committed and no more, and leads to every pending file that is there.</summary>
    private async Task RecoverAsync(int port)
    {
        await ListAsync(port);
        var look = FolderLook.At(_folder.Path);
        var sizes = new List<int?>();
        foreach (Worker worker in _workers)
        {
            sizes.AddRange(await worker.KeptSizesAsync(port));
        }

        long[] lost = [.. look.Pending.Where(length => length > 0 && !sizes.Remove((int)length))];
        int unreachable = _workers.Sum(worker => worker.Ledger.Unreachable);
        Assert.True(lost.Length <= unreachable, $"Pending files of {string.Join(", ", lost)} bytes cannot be continued; SIZE speaks of others, of {string.Join(", ", sizes)}.");
        foreach (Worker worker in _workers)
        {
            await worker.RecoverAsync(port);
        }

        if (_round % RoundsBetweenCleanings == 0)
        {
            await CleanUpAsync(port, unreachable);
        }
    }

    private async Task ListAsync(int port)
    {
        using FtpWire wire = await FtpWire.SignInAsync(port);
        (byte[]? names, string reply) = await wire.DownloadAsync("NLST");
        wire.Expect(reply, "226");
        Assert.Equal(
            _workers.SelectMany(worker => worker.Ledger.Committed.Keys).Order(StringComparer.Ordinal),
            Encoding.UTF8.GetString(names!).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private async Task CleanUpAsync(int port, int unreachable)
    {
        foreach (Worker worker in _workers)
        {
            await worker.CleanUpAsync(port);
        }

        var look = FolderLook.At(_folder.Path);
        Assert.Empty(look.Visible);
        Assert.True(look.Pending.Count <= unreachable, $"Everything was deleted, and pending files of {string.Join(", ", look.Pending)} bytes are still there.");
        foreach (string file in _folder.Names)
        {
            File.Delete(_folder[file]);
        }
    }

    private string Report(Exception e)
    {
        IEnumerable<string> said = _workers.Select(worker => $"--- {worker.Prefix}\n{worker.Said}");
        return $"FTS_KILL_SEED={seed}, kill {_round}: {e.Message}\n{string.Join('\n', said)}\n--- in the folder\n{string.Join('\n', new DirectoryInfo(_folder.Path).EnumerateFiles().Select(file => $"{file.Name} {file.Length}"))}\n{e}";
    }
}
