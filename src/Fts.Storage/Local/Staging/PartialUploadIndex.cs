namespace Fts.Storage.Local.Staging;

/// <summary>The location of a partial upload: the path of its directory relative to the root, and its hidden name.</summary>
internal readonly record struct PartialUploadLocation(string DirectoryPath, string Name);

/// <summary>Counts the partial uploads of each uploader and applies the limits without scanning the tree.</summary>
/// <remarks>
/// A partial upload is added when it is kept, or when a sweep finds it, for example the first sweep of a new process. A partial upload
/// whose file no longer exists is removed from the index by a sweep, or when a limit is exceeded.
/// </remarks>
internal sealed class PartialUploadIndex(PartialUploadLimits limits, IRootDirectory root)
{
    private readonly Lock _lock = new();

    // The keys are the hashes that StagingNames.GetUploaderHash returns.
    private readonly Dictionary<string, Dictionary<PartialUploadLocation, Entry>> _uploads = new(StringComparer.Ordinal);
    private int _sweepNumber;

    /// <summary>Adds a partial upload that was kept, and discards the uploader's oldest ones if a limit is exceeded.</summary>
    /// <param name="location">The location.</param>
    /// <param name="length">The size in bytes.</param>
    public void Add(PartialUploadLocation location, long length)
    {
        if (StagingNames.GetUploaderHash(location.Name) is not { } uploader)
        {
            return;
        }

        lock (_lock)
        {
            DiscardOldest(AddEntry(uploader, location, new Entry(length, DateTime.UtcNow, _sweepNumber)), newest: location);
        }
    }

    /// <summary>Updates the locations after a directory was renamed. Does nothing if a file was renamed.</summary>
    /// <param name="source">The old path, relative to the root.</param>
    /// <param name="target">The new path, relative to the root.</param>
    public void RenameDirectory(string source, string target)
    {
        lock (_lock)
        {
            foreach (Dictionary<PartialUploadLocation, Entry> uploads in _uploads.Values)
            {
                List<PartialUploadLocation> moved = [.. uploads.Keys.Where(location => IsWithin(location.DirectoryPath, source))];
                foreach (PartialUploadLocation location in moved)
                {
                    uploads.Remove(location, out Entry entry);
                    uploads[location with { DirectoryPath = target + location.DirectoryPath[source.Length..] }] = entry;
                }
            }
        }
    }

    /// <summary>Begins a sweep of the whole tree.</summary>
    public void BeginSweep()
    {
        lock (_lock)
        {
            _sweepNumber++;
            HasUnrecoveredAppends = false;
        }
    }

    /// <summary>
    /// Whether the last sweep failed to complete or undo an append of a killed process. In that case, each use of a file tries to recover
    /// an append to it.
    /// </summary>
    public bool HasUnrecoveredAppends { get; private set; }

    /// <summary>Records that the sweep failed to complete or undo an append.</summary>
    public void AddUnrecoveredAppend() => HasUnrecoveredAppends = true;

    /// <summary>Adds a partial upload that the sweep found.</summary>
    public void AddFound(in PartialUploadLocation location, long length, DateTime lastModified)
    {
        if (StagingNames.GetUploaderHash(location.Name) is { } uploader)
        {
            lock (_lock)
            {
                AddEntry(uploader, location, new Entry(length, lastModified, _sweepNumber));
            }
        }
    }

    /// <summary>
    /// Ends a sweep. Removes the index entries of partial uploads that the sweep did not find, and applies the limits to the others.
    /// </summary>
    public void EndSweep()
    {
        lock (_lock)
        {
            foreach ((string uploader, Dictionary<PartialUploadLocation, Entry> uploads) in _uploads)
            {
                foreach (PartialUploadLocation missing in uploads.Keys.Where(key => uploads[key].SweepNumber != _sweepNumber).ToList())
                {
                    uploads.Remove(missing);
                }

                DiscardOldest(uploads, newest: null);
                if (uploads.Count == 0)
                {
                    _uploads.Remove(uploader);
                }
            }
        }
    }

    private static bool IsWithin(string directory, string parent) =>
        directory.StartsWith(parent, StringComparison.Ordinal) && (directory.Length == parent.Length || directory[parent.Length] == '/');

    /// <summary>Discards the oldest partial uploads of an uploader if a limit is exceeded.</summary>
    /// <param name="uploads">The partial uploads of the uploader.</param>
    /// <param name="newest">The partial upload that is being kept now and is still locked by its writer, or null.</param>
    private void DiscardOldest(Dictionary<PartialUploadLocation, Entry> uploads, PartialUploadLocation? newest)
    {
        if (!ExceedsLimits(uploads))
        {
            return;
        }

        // Partial uploads that were resumed or discarded are removed from the index. A resumed one is added again when it is kept.
        foreach (PartialUploadLocation missing in uploads.Keys.Where(other => other != newest && !root.HasPartialUploadAt(other)).ToList())
        {
            uploads.Remove(missing);
        }

        IEnumerable<PartialUploadLocation> others = uploads.Keys.Where(other => other != newest);
        foreach (PartialUploadLocation oldest in others.OrderBy(other => uploads[other].LastModified).ToList())
        {
            if (!ExceedsLimits(uploads))
            {
                break;
            }

            uploads.Remove(oldest);
            root.DiscardPartialUploadAt(oldest);
        }
    }

    /// <summary>Adds a partial upload to the index. Returns all partial uploads of the uploader.</summary>
    private Dictionary<PartialUploadLocation, Entry> AddEntry(string uploader, in PartialUploadLocation location, Entry entry)
    {
        if (!_uploads.TryGetValue(uploader, out Dictionary<PartialUploadLocation, Entry>? uploads))
        {
            _uploads[uploader] = uploads = [];
        }

        uploads[location] = entry;
        return uploads;
    }

    private bool ExceedsLimits(Dictionary<PartialUploadLocation, Entry> uploads) =>
        limits.AreExceededBy(uploads.Count, uploads.Values.Sum(entry => entry.Length));

    /// <summary>A partial upload in the index.</summary>
    /// <param name="Length">The size in bytes.</param>
    /// <param name="LastModified">When the upload was kept or, if a sweep found it, last written. UTC.</param>
    /// <param name="SweepNumber">The number of sweeps that had begun when the entry was added or found.</param>
    private readonly record struct Entry(long Length, DateTime LastModified, int SweepNumber);
}
