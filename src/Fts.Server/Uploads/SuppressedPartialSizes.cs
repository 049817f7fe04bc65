using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>The names for which SIZE does not report the size of the partial upload.</summary>
/// <remarks>
/// If a file and a partial upload of the client have the same name, SIZE reports the size of the partial upload. Some clients send SIZE
/// before they resume an upload. Other clients send SIZE before a download, and read only that many bytes. The server therefore rejects the
/// first such download and adds the name to this list. Further downloads of the name are complete, and uploads restart from the beginning.
/// </remarks>
internal sealed class SuppressedPartialSizes
{
    /// <summary>The maximum number of names. If a name is evicted, only one more download of that name is rejected.</summary>
    private const int MaxNames = 1024;

    private readonly FifoCache<UploadKey, bool> _names = new(MaxNames);

    /// <summary>Returns whether SIZE must not report the partial upload.</summary>
    public bool Contains(Session session, StorePath path) => _names.TryGet(UploadKey.Create(session, path), out _);

    /// <summary>Adds the name of a rejected download.</summary>
    public void Add(Session session, StorePath path) => _names.Add(UploadKey.Create(session, path), true);

    /// <summary>Removes a name when an upload with the name starts. SIZE then reports the partial upload again.</summary>
    public void Remove(Session session, StorePath path) => _names.Remove(UploadKey.Create(session, path));

    /// <summary>Removes all names.</summary>
    public void Clear() => _names.Clear();
}
