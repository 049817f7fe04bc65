namespace Fts.Storage.Memory;

/// <summary>An upload in progress or a partial upload. Changed only under the store's lock.</summary>
/// <param name="content">
/// The received bytes. If the upload continues committed content, a copy of that content precedes them unless
/// <paramref name="isAppend"/> is true.
/// </param>
/// <param name="name">The name of the target in its directory.</param>
/// <param name="uploader">The uploader, or null if the upload cannot be resumed.</param>
/// <param name="continued">The committed content that the upload continues, or null if the upload began empty.</param>
/// <param name="isAppend">Whether the upload contains only the bytes after the end of the committed content.</param>
internal sealed class MemoryUpload(MemoryContent content, string name, string? uploader, MemoryContent? continued, bool isAppend)
{
    public MemoryContent Content { get; } = content;

    public bool ContainsOnlyNewBytes => isAppend;

    /// <summary>The offset in the uploaded file, in bytes, of the first byte of <see cref="Content"/>.</summary>
    public long BaseOffset => isAppend ? Continued!.Length : 0;

    /// <summary>The size of the uploaded file so far, in bytes.</summary>
    public long Length => BaseOffset + Content.Length;

    public string Name { get; } = name;

    public string? Uploader { get; } = uploader;

    public MemoryContent? Continued { get; } = continued;

    /// <summary>The uploads of the directory to which this upload was added, or null if it was not added or was removed.</summary>
    public MemoryDirectoryUploads? ContainingDirectory { get; set; }

    /// <summary>Whether the upload is being written. False for a partial upload.</summary>
    public bool IsInProgress { get; set; } = true;

    /// <summary>When the upload was interrupted, UTC. Not set while the upload is in progress.</summary>
    public DateTime InterruptedAt { get; set; }
}

/// <summary>
/// The uploads to one directory that can be resumed or are being written, one for each name and uploader. Changed only under the store's
/// lock.
/// </summary>
internal sealed class MemoryDirectoryUploads
{
    private readonly Dictionary<(string Name, string Uploader), MemoryUpload> _uploads = [];

    /// <summary>Whether any of the uploads is being written.</summary>
    public bool HasUploadsInProgress => _uploads.Values.Any(upload => upload.IsInProgress);

    /// <summary>
    /// Returns the upload with a name and uploader, or null if none exists. A partial upload that continues earlier content of the file is
    /// returned only if the file still has that content.
    /// </summary>
    /// <param name="name">The name of the file.</param>
    /// <param name="uploader">The uploader.</param>
    /// <param name="committed">The current content of the file, or null if no file exists.</param>
    public MemoryUpload? Find(string name, string uploader, MemoryContent? committed)
    {
        MemoryUpload? upload = _uploads.GetValueOrDefault((name, uploader));
        return upload is not null && (upload.IsInProgress || upload.Continued is null || upload.Continued == committed) ? upload : null;
    }

    /// <summary>
    /// Adds an upload, which replaces a partial upload of the same name and uploader. Returns false if another upload of the same name and
    /// uploader is in progress.
    /// </summary>
    /// <param name="upload">The upload.</param>
    /// <param name="freed">The number of bytes that the replaced partial upload occupied, or 0 if none was replaced.</param>
    public bool TryAdd(MemoryUpload upload, out long freed)
    {
        freed = 0;
        var key = (upload.Name, upload.Uploader!);
        if (_uploads.GetValueOrDefault(key) is { } other && other != upload)
        {
            if (other.IsInProgress)
            {
                return false;
            }

            freed = other.Content.Length;
            other.ContainingDirectory = null;
        }

        _uploads[key] = upload;
        upload.ContainingDirectory = this;
        return true;
    }

    /// <summary>Removes an upload.</summary>
    public void Remove(MemoryUpload upload)
    {
        _uploads.Remove((upload.Name, upload.Uploader!));
        upload.ContainingDirectory = null;
    }

    /// <summary>
    /// Discards the partial uploads that were interrupted before a time (UTC). Returns their number and the number of bytes that they
    /// occupied.
    /// </summary>
    public (int Count, long Bytes) Sweep(DateTime before)
    {
        MemoryUpload[] old = [.. _uploads.Values.Where(upload => !upload.IsInProgress && upload.InterruptedAt < before)];
        Array.ForEach(old, Remove);
        return (old.Length, old.Sum(upload => upload.Content.Length));
    }
}
