using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>The paths, for each client, for which SIZE returns an error instead of the size of the partial upload.</summary>
/// <remarks>
/// If a file and a partial upload of the client have the same path, SIZE reports the size of the partial upload. Some clients send SIZE
/// before they resume an upload. Other clients send SIZE before a download, and read only that many bytes. The server cannot tell these
/// clients apart. If a download follows a SIZE that reported the partial upload, the server rejects the download and adds the path to this
/// list. From then on, SIZE of the path returns an error, unless the file and the partial upload have the same size. A client that receives
/// no size downloads the whole file or uploads from offset 0.
/// </remarks>
internal sealed class SuppressedPartialSizes
{
    /// <summary>The maximum number of paths. If a path is evicted, only one more download of that path is rejected.</summary>
    private const int MaxPaths = 1024;

    private readonly FifoCache<UploadKey, bool> _paths = new(MaxPaths);

    /// <summary>Returns whether SIZE must not report the partial upload.</summary>
    public bool Contains(Session session, StorePath path) => _paths.TryGet(UploadKey.Create(session, path), out _);

    /// <summary>Adds the path of a rejected download.</summary>
    public void Add(Session session, StorePath path) => _paths.Add(UploadKey.Create(session, path), true);

    /// <summary>Removes a path when an upload to the path starts. SIZE then reports the partial upload again.</summary>
    public void Remove(Session session, StorePath path) => _paths.Remove(UploadKey.Create(session, path));

    /// <summary>Removes all paths.</summary>
    public void Clear() => _paths.Clear();
}
