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

    public MemoryContent? Copied { get; } = copied;

    /// <summary>Where it is found, if it is; a renamed folder takes it along.</summary>
    public MemoryUploads? Place { get; set; }

    /// <summary>False once it broke off.</summary>
    public bool IsWritten { get; set; } = true;

    /// <summary>When it broke off, UTC.</summary>
    public DateTime Modified { get; set; }
}

/// <summary>The uploads into one folder that are being written, or broke off and can be continued: one for each name and uploader. Changed only under the store's lock.</summary>
internal sealed class MemoryUploads
{
    private readonly Dictionary<(string Name, string Uploader), MemoryUpload> _uploads = [];

    public bool HasWriters => _uploads.Values.Any(upload => upload.IsWritten);

    /// <summary>The one there is; null as well where it is the copy of a file that has been replaced since.</summary>
    public MemoryUpload? Find(string name, string uploader, MemoryContent? committed) =>
        _uploads.GetValueOrDefault((name, uploader)) is { } upload && (upload.IsWritten || upload.Copied is null || upload.Copied == committed) ? upload : null;

    /// <summary>Puts one in its place; false where another is being written there. What had broken off there is given up, and its bytes are free.</summary>
    public bool TryEnter(MemoryUpload upload, out long freed)
    {
        freed = 0;
        var place = (upload.Name, upload.Uploader!);
        if (_uploads.GetValueOrDefault(place) is { } other && other != upload)
        {
            if (other.IsWritten)
            {
                return false;
            }

            freed = other.Content.Length;
            other.Place = null;
        }

        _uploads[place] = upload;
        upload.Place = this;
        return true;
    }

    /// <summary>Takes one out of its place.</summary>
    public void Leave(MemoryUpload upload)
    {
        _uploads.Remove((upload.Name, upload.Uploader!));
        upload.Place = null;
    }

    /// <summary>Gives up what broke off before a time; how many there were, and how many bytes.</summary>
    public (int Count, long Bytes) Sweep(DateTime before)
    {
        MemoryUpload[] old = [.. _uploads.Values.Where(upload => !upload.IsWritten && upload.Modified < before)];
        Array.ForEach(old, Leave);
        return (old.Length, old.Sum(upload => upload.Content.Length));
    }
}
