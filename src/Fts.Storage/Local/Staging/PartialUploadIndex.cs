namespace Fts.Storage.Local.Staging;

/// <summary>One partial upload: its directory relative to the root, and its hidden name.</summary>
internal readonly record struct PartialUploadLocation(string DirectoryPath, string Name);

/// <summary>
/// The partial uploads of each uploader, so that keeping another one needs no scan of the tree. Each is added when it is kept; after a
/// restart, the first sweep adds them. Entries whose file no longer exists are removed by a sweep, and when a limit is reached.
/// </summary>
internal sealed class PartialUploadIndex(PartialUploadLimits limits, IRootDirectory root)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<PartialUploadLocation, Entry>> _uploads = new(StringComparer.Ordinal);
    private int _sweepNumber;

    /// <summary>Counts a partial upload that was kept, and discards the uploader's oldest ones if a limit is exceeded.</summary>
    public void Add(PartialUploadLocation place, long length)
    {
        if (StagingNames.GetUploaderHash(place.Name) is not { } uploader)
        {
            return;
        }

        lock (_lock)
        {
            DiscardOldest(AddEntry(uploader, place, new Entry(length, DateTime.UtcNow, _sweepNumber)), newest: place);
        }
    }

    /// <summary>Follows a directory that was renamed. A renamed file changes nothing.</summary>
    /// <param name="source">The old path of the directory, relative to the root.</param>
    /// <param name="target">The new path, relative to the root.</param>
    public void RenameDirectory(string source, string target)
    {
        lock (_lock)
        {
            foreach (Dictionary<PartialUploadLocation, Entry> own in _uploads.Values)
            {
                foreach (PartialUploadLocation place in own.Keys.Where(place => IsWithin(place.DirectoryPath, source)).ToList())
                {
                    own.Remove(place, out Entry entry);
                    own[place with { DirectoryPath = target + place.DirectoryPath[source.Length..] }] = entry;
                }
            }
        }
    }

    /// <summary>Begins a sweep, which finds all partial uploads.</summary>
    public void BeginSweep()
    {
        lock (_lock)
        {
            _sweepNumber++;
        }
    }

    /// <summary>Counts a partial upload that the sweep found.</summary>
    public void AddFound(in PartialUploadLocation place, long length, DateTime modified)
    {
        if (StagingNames.GetUploaderHash(place.Name) is { } uploader)
        {
            lock (_lock)
            {
                AddEntry(uploader, place, new Entry(length, modified, _sweepNumber));
            }
        }
    }

    /// <summary>Ends a sweep of the whole tree, and removes the entries that it did not find. The limits then apply to the rest.</summary>
    public void EndSweep()
    {
        lock (_lock)
        {
            foreach ((string uploader, Dictionary<PartialUploadLocation, Entry> own) in _uploads)
            {
                foreach (PartialUploadLocation gone in own.Where(pair => pair.Value.SweepNumber != _sweepNumber).Select(pair => pair.Key).ToList())
                {
                    own.Remove(gone);
                }

                DiscardOldest(own, newest: null);
                if (own.Count == 0)
                {
                    _uploads.Remove(uploader);
                }
            }
        }
    }

    private static bool IsWithin(string directory, string parent) =>
        directory.StartsWith(parent, StringComparison.Ordinal) && (directory.Length == parent.Length || directory[parent.Length] == '/');

    /// <summary>Discards an uploader's oldest partial uploads if they are too many.</summary>
    /// <param name="own">The partial uploads of the uploader.</param>
    /// <param name="newest">The one that is being kept now, still locked by its writer; null if there is none.</param>
    private void DiscardOldest(Dictionary<PartialUploadLocation, Entry> own, PartialUploadLocation? newest)
    {
        if (!AreTooMany(own))
        {
            return;
        }

        // Continued or discarded since it was kept: then it is counted again when it is kept again or swept.
        foreach (PartialUploadLocation gone in own.Keys.Where(other => other != newest && !root.HasPartialUpload(other)).ToList())
        {
            own.Remove(gone);
        }

        foreach (PartialUploadLocation oldest in own.Where(pair => pair.Key != newest).OrderBy(pair => pair.Value.LastModified).Select(pair => pair.Key).ToList())
        {
            if (!AreTooMany(own))
            {
                break;
            }

            own.Remove(oldest);
            root.DiscardListedPartialUpload(oldest);
        }
    }

    private Dictionary<PartialUploadLocation, Entry> AddEntry(string uploader, in PartialUploadLocation place, Entry entry)
    {
        if (!_uploads.TryGetValue(uploader, out Dictionary<PartialUploadLocation, Entry>? own))
        {
            _uploads[uploader] = own = [];
        }

        own[place] = entry;
        return own;
    }

    private bool AreTooMany(Dictionary<PartialUploadLocation, Entry> own) => limits.AreExceededBy(own.Count, own.Values.Sum(entry => entry.Length));

    private readonly record struct Entry(long Length, DateTime LastModified, int SweepNumber);
}
