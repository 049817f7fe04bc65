using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>
/// Identifies an upload: its store, its target path and its uploader. The uploader consists of the client's account and the client's
/// address (for IPv6, the /64 network of the address).
/// </summary>
internal readonly record struct UploadKey(IFileStore Store, StorePath Path, string Uploader)
{
    public static UploadKey Create(Session session, StorePath path) => new(session.Store, path, session.Files!.Uploader);
}
