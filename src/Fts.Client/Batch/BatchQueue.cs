using System.Diagnostics.CodeAnalysis;

namespace Fts.Client.Batch;

/// <summary>
/// The files of a batch and their results. Several workers take the files in list order. The <see cref="BatchEntry"/> of a file exists from
/// the time when a worker takes the file until the file has a result. Workers may call <see cref="TryTake"/> concurrently.
/// </summary>
internal sealed class BatchQueue(IReadOnlyList<FtpBatchFile> files, IProgress<FtpBatchResult>? progress) : IDisposable
{
    // Each element is written by the worker that took the file. Other threads read it only after that worker has ended.
    private readonly BatchEntry?[] _entries = new BatchEntry?[files.Count];
    private readonly FtpBatchResult?[] _results = new FtpBatchResult?[files.Count];
    private int _next;
    private volatile bool _hasSuccess;

    /// <summary>Whether at least one file was transferred successfully.</summary>
    public bool HasSuccess => _hasSuccess;

    /// <summary>Whether the workers have taken all files.</summary>
    public bool IsEmpty => Volatile.Read(ref _next) >= files.Count;

    /// <summary>The results in the order of the files. Must not be read before every file has a result.</summary>
    public IReadOnlyList<FtpBatchResult> Results => _results!;

    /// <summary>Takes the next file that has no result. Returns false if the workers have taken all files.</summary>
    public bool TryTake([NotNullWhen(true)] out BatchEntry? entry)
    {
        entry = null;
        while (entry is null && Interlocked.Increment(ref _next) - 1 is var index && index < files.Count)
        {
            if (_results[index] is null)
            {
                entry = _entries[index] = new BatchEntry(files[index], result => SetResult(index, result));
            }
        }

        return entry is not null;
    }

    /// <summary>
    /// Makes all files without a result available to the workers again, and returns the number of these files. No worker may be running.
    /// </summary>
    public int RequeueUnfinished()
    {
        Dispose();
        _next = 0;
        return _results.Count(result => result is null);
    }

    /// <summary>Disposes the entries without a result.</summary>
    public void Dispose()
    {
        for (int i = 0; i < Math.Min(_next, files.Count); i++)
        {
            _entries[i]?.Dispose();
            _entries[i] = null;
        }
    }

    private void SetResult(int index, FtpBatchResult result)
    {
        (_results[index], _entries[index]) = (result, null);
        _hasSuccess |= result.Succeeded;
        progress?.Report(result);
    }
}
