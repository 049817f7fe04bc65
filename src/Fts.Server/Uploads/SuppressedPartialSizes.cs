using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>The names for which SIZE does not report the size of the partial upload.</summary>
/// <remarks>
/// If a file and a partial upload of the client have the same name, SIZE reports the partial upload, because clients send SIZE before they
/// resume. Other clients send SIZE before a download and stop after that many bytes, so the server rejects the first such download and adds
/// the name here. From then on downloads of the name are complete, and uploads restart from the beginning.
/// </remarks>
internal sealed class SuppressedPartialSizes
{
    /// <summary>If a name is evicted, only one more download of it is rejected.</summary>
    private const int MaxNames = 1024;

    private readonly FifoCache<UploadKey, bool> _names = new(MaxNames);

    /// <summary>Returns whether SIZE must not report the partial upload.</summary>
    public bool Contains(Session session, StorePath path) => _names.TryGet(UploadKey.Create(session, path), out _);

    /// <summary>Adds the name of a rejected download.</summary>
    public void Add(Session session, StorePath path) => _names.Add(UploadKey.Create(session, path), true);

    /// <summary>Removes the name when an upload of it starts: SIZE reports its partial upload again.</summary>
    public void Remove(Session session, StorePath path) => _names.Remove(UploadKey.Create(session, path));

    public void Clear() => _names.Clear();
}
