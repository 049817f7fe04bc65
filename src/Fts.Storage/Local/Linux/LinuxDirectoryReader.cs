using System.Buffers;
using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileStatus;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// Reads the entries of a directory in batches, so that memory use does not depend on their number. Owns the directory handle.
/// </summary>
/// <remarks>
/// Omits reserved names, protected entries, and entries that are deleted before their status is read. Omits and counts the names that a
/// <see cref="StorePath"/> cannot contain.
/// </remarks>
internal sealed class LinuxDirectoryReader(LinuxRootDirectory root, SafeFileHandle directory, StorePath path) : IDirectoryReader
{
    /// <summary>
    /// The size of the buffer in bytes. The buffer holds about a thousand names. The list of a batch is therefore too small for the large
    /// object heap.
    /// </summary>
    private const int BufferSize = 32 * 1024;

    public UnlistedNames Unlisted { get; private set; }

    public void Dispose() => directory.Dispose();

    public bool ReadBatch(List<FileEntry> batch)
    {
        batch.Clear();
        ProtectedSnapshot? protectedEntries = root.Protected;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int size = DirectoryEntries.Read(directory, buffer.AsSpan(0, BufferSize), out DirectoryEntries entries);
            if (size <= 0)
            {
                // ENOENT: the directory itself was deleted and has no more entries.
                return size == 0 || Marshal.GetLastPInvokeError() == ENOENT ? false : throw LinuxRootDirectory.CreateLastError(path.Value);
            }

            foreach (DirectoryEntries entry in entries)
            {
                Add(batch, entry.Name, protectedEntries);
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Adds the entry with this name, unless it must be omitted.</summary>
    private void Add(List<FileEntry> batch, ReadOnlySpan<byte> bytes, ProtectedSnapshot? protectedEntries)
    {
        string name = EscapedUtf8.GetString(bytes);
        if (bytes.Length > StorePath.MaxNameBytes || bytes.ContainsAny((byte)'\r', (byte)'\n'))
        {
            Unlisted = Unlisted.Add(name);
            return;
        }

        if (PathRules.IsReserved(name))
        {
            return;
        }

        if (Statx(directory, bytes, AT_SYMLINK_NOFOLLOW, out FileStatus status) < 0)
        {
            // ENOENT: the entry was deleted after the kernel returned its name. EACCES: the names in the directory can be read, but not the
            // status of the entries.
            switch (Marshal.GetLastPInvokeError())
            {
                case ENOENT or ESTALE:
                    return;
                case EACCES:
                    batch.Add(new FileEntry(name, EntryKind.Other, 0, DateTime.UnixEpoch));
                    return;
                default:
                    throw LinuxRootDirectory.CreateLastError(path.Value);
            }
        }

        if (protectedEntries?.IsHidden(status.Id) == true)
        {
            return;
        }

        // The link is resolved from the root, because its target can be above this directory and still be inside the root.
        bool isLink = status.IsLink;
        if (isLink && root.TryGetStatus($"{LinuxRootDirectory.GetRelativePath(path)}/{name}", out FileStatus target, out _))
        {
            status = target;
        }

        batch.Add(status.ToEntry(name) with { IsLink = isLink });
    }
}
