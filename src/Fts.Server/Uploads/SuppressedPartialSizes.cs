using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>
/// SIZE tells of an upload that can be continued, where the same uploader left one, also over a file that is there: clients ask it before they resume. Many ask it
/// before they download, too, and take no byte more than it told (curl ends there without an error). Such a download is refused once; from then on SIZE tells
/// nothing of that name, by which downloads come out right and uploads begin anew.
/// </summary>
internal sealed class SuppressedPartialSizes
{
    /// <summary>More names than that are not forgotten wrongly: they are refused once more.</summary>
    private const int MaxNames = 1024;

    private readonly Lock _lock = new();
    private readonly HashSet<(IFileStore, StorePath, string)> _names = [];
    private readonly Queue<(IFileStore, StorePath, string)> _oldestFirst = new();

    /// <summary>Whether SIZE is to tell nothing, since a download was misled by it.</summary>
    public bool Contains(Session session, StorePath path)
    {
        lock (_lock)
        {
            return _names.Contains(GetKey(session, path));
        }
    }

    /// <summary>A download of what SIZE told the wrong length of.</summary>
    public void Add(Session session, StorePath path)
    {
        lock (_lock)
        {
            if (_names.Add(GetKey(session, path)))
            {
                _oldestFirst.Enqueue(GetKey(session, path));
            }

            if (_oldestFirst.Count > MaxNames)
            {
                _names.Remove(_oldestFirst.Dequeue());
            }
        }
    }

    /// <summary>An upload begins or goes on: of what it leaves, SIZE tells again.</summary>
    public void Remove(Session session, StorePath path)
    {
        lock (_lock)
        {
            _names.Remove(GetKey(session, path));
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _names.Clear();
            _oldestFirst.Clear();
        }
    }

    private static (IFileStore, StorePath, string) GetKey(Session session, StorePath path) => (session.Host.Store, path, session.Files!.Uploader);
}
