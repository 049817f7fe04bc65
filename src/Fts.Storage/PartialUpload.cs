namespace Fts.Storage;

/// <summary>An interrupted upload that can be resumed.</summary>
/// <param name="Length">
/// The size in bytes of the uploaded file so far. If the upload continues a committed file, the size includes the bytes before the start of
/// the upload.
/// </param>
/// <param name="LastModified">
/// When the upload was last written, UTC. If the store does not record that time, when the upload was interrupted.
/// </param>
public readonly record struct PartialUpload(long Length, DateTime LastModified);
