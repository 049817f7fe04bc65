namespace Fts.Storage.Local;

/// <summary>One partial upload: its directory relative to the root, and its hidden name.</summary>
internal readonly record struct PartialUploadPlace(string Folder, string Name);

/// <summary>
/// The partial uploads of each uploader, so that keeping another one needs no scan of the tree. Each is added when it is kept; after a
/// restart, the first sweep adds them. Entries whose file no longer exists are removed by a sweep, and when a limit is reached.
/// </summary>
internal sealed class PartialUploadIndex(PartialUploadLimits limits, IRootDirectory root)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<PartialUploadPlace, Entry>> _uploads = new(StringComparer.Ordinal);
    private int _sweep;

    /// <summary>Counts a partial upload that was kept, and discards the uploader's oldest ones if a limit is exceeded.</summary>
    public void Keep(PartialUploadPlace place, long length)
    {
        if (PendingNames.UploaderOf(place.Name) is not { } uploader)
        {
            return;
        }

        lock (_lock)
        {
            Dictionary<PartialUploadPlace, Entry> own = Add(uploader, place, new Entry(length, DateTime.UtcNow, _sweep));
            if (AreTooMany(own))
            {
                // It was resumed, discarded or moved with its directory. It is counted again when it is kept again or found by a sweep.
                // The new one is still locked by its writer.
                foreach (PartialUploadPlace gone in own.Keys.Where(other => other != place && !root.HasPartialUpload(other)).ToList())
                {
                    own.Remove(gone);
                }
            }

            foreach (PartialUploadPlace oldest in own.Where(pair => pair.Key != place).OrderBy(pair => pair.Value.Modified).Select(pair => pair.Key).ToList())
            {
                if (!AreTooMany(own))
                {
                    break;
                }

                own.Remove(oldest);
                root.RemovePartialUpload(oldest);
            }
        }
    }

    /// <summary>Begins a sweep, which finds all partial uploads.</summary>
    public void BeginSweep()
    {
        lock (_lock)
        {
            _sweep++;
        }
    }

    /// <summary>Counts a partial upload that the sweep found.</summary>
    public void Find(in PartialUploadPlace place, long length, DateTime modified)
    {
        if (PendingNames.UploaderOf(place.Name) is { } uploader)
        {
            lock (_lock)
            {
                Add(uploader, place, new Entry(length, modified, _sweep));
            }
        }
    }

    /// <summary>Ends a sweep of the whole tree, and removes the entries that it did not find.</summary>
    public void EndSweep()
    {
        lock (_lock)
        {
            foreach ((string uploader, Dictionary<PartialUploadPlace, Entry> own) in _uploads)
            {
                foreach (PartialUploadPlace gone in own.Where(pair => pair.Value.Sweep != _sweep).Select(pair => pair.Key).ToList())
                {
                    own.Remove(gone);
                }

                if (own.Count == 0)
                {
                    _uploads.Remove(uploader);
                }
            }
        }
    }

    private Dictionary<PartialUploadPlace, Entry> Add(string uploader, in PartialUploadPlace place, Entry entry)
    {
        if (!_uploads.TryGetValue(uploader, out Dictionary<PartialUploadPlace, Entry>? own))
        {
            _uploads[uploader] = own = [];
        }

        own[place] = entry;
        return own;
    }

    private bool AreTooMany(Dictionary<PartialUploadPlace, Entry> own) => limits.AreExceededBy(own.Count, own.Values.Sum(entry => entry.Length));

    private readonly record struct Entry(long Length, DateTime Modified, int Sweep);
}
