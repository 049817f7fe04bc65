namespace Fts.Storage.Memory;

/// <summary>A pending file, as it is found under the name and uploader it is for. Changed only under the store's lock.</summary>
/// <param name="content">What has been written.</param>
/// <param name="name">The name it is for.</param>
/// <param name="uploader">Whose it is; null for one that cannot be continued.</param>
/// <param name="copied">The committed content it began as a copy of; null for one that began empty.</param>
internal sealed class MemoryUpload(MemoryContent content, string name, string? uploader, MemoryContent? copied)
{
    public MemoryContent Content { get; } = content;

    public string Name { get; } = name;

    public string? Uploader { get; } = uploader;

    public MemoryContent? CopiedFrom { get; } = copied;

    /// <summary>Where it is found, if it is; a renamed folder takes it along.</summary>
    public MemoryDirectoryUploads? ContainingDirectory { get; set; }

    /// <summary>False once it broke off.</summary>
    public bool IsInProgress { get; set; } = true;

    /// <summary>When it broke off, UTC.</summary>
    public DateTime LastModified { get; set; }
}

/// <summary>The uploads into one folder that are being written, or broke off and can be continued: one for each name and uploader. Changed only under the store's lock.</summary>
internal sealed class MemoryDirectoryUploads
{
    private readonly Dictionary<(string Name, string Uploader), MemoryUpload> _uploads = [];

    public bool HasUploadsInProgress => _uploads.Values.Any(upload => upload.IsInProgress);

    /// <summary>The one there is; null as well where it is the copy of a file that has been replaced since.</summary>
    public MemoryUpload? Find(string name, string uploader, MemoryContent? committed) =>
        _uploads.GetValueOrDefault((name, uploader)) is { } upload && (upload.IsInProgress || upload.CopiedFrom is null || upload.CopiedFrom == committed) ? upload : null;

    /// <summary>Puts one in its place; false where another is being written there. What had broken off there is given up, and its bytes are free.</summary>
    public bool TryAdd(MemoryUpload upload, out long freed)
    {
        freed = 0;
        var place = (upload.Name, upload.Uploader!);
        if (_uploads.GetValueOrDefault(place) is { } other && other != upload)
        {
            if (other.IsInProgress)
            {
                return false;
            }

            freed = other.Content.Length;
            other.ContainingDirectory = null;
        }

        _uploads[place] = upload;
        upload.ContainingDirectory = this;
        return true;
    }

    /// <summary>Takes one out of its place.</summary>
    public void Remove(MemoryUpload upload)
    {
        _uploads.Remove((upload.Name, upload.Uploader!));
        upload.ContainingDirectory = null;
    }

    /// <summary>Gives up what broke off before a time; how many there were, and how many bytes.</summary>
    public (int Count, long Bytes) Sweep(DateTime before)
    {
        MemoryUpload[] old = [.. _uploads.Values.Where(upload => !upload.IsInProgress && upload.LastModified < before)];
        Array.ForEach(old, Remove);
        return (old.Length, old.Sum(upload => upload.Content.Length));
    }
}
