using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>A file that was opened for reading. The caller disposes the handle.</summary>
/// <param name="Handle">The handle.</param>
/// <param name="Length">The size in bytes.</param>
/// <param name="Kind">The kind of the file's file system.</param>
internal readonly record struct OpenedFile(SafeFileHandle Handle, long Length, FileSystemKind Kind);
