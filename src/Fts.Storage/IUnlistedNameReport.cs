namespace Fts.Storage;

/// <summary>
/// Reports the names that a listing omits. The result of <see cref="IFileStore.ListAsync"/> implements this interface if the store can omit
/// names. The server logs the number of omitted names.
/// </summary>
public interface IUnlistedNameReport
{
    /// <summary>The names omitted so far. The value is complete after the last entry was read.</summary>
    UnlistedNames Unlisted { get; }
}
