using System.Buffers;
using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileStatus;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// Reads a folder a buffer of names at a time, so that a folder of a million takes no more memory than one of a thousand. Left out are names that
/// cannot be spelled as a <see cref="StorePath"/> (CR or LF; counted), names the store keeps for itself, and entries gone before they were looked at.
/// </summary>
internal sealed class LinuxDirectoryReader(LinuxRootDirectory root, SafeFileHandle directory, StorePath path) : IDirectoryReader
{
    /// <summary>About a thousand names: few enough that a batch of entries stays out of the large object heap.</summary>
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
                // ENOENT: the directory itself was removed meanwhile, and has no entries any more.
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
            // ENOENT: gone since the kernel named it. EACCES: a folder that may be listed but not entered; its names are all there is to see.
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

        // From the root, and not from this folder: a link may well lead up and down again without leaving.
        bool isLink = status.IsLink;
        if (isLink && root.TryGetStatus($"{LinuxRootDirectory.GetRelativePath(path)}/{name}", out FileStatus target, out _))
        {
            status = target;
        }

        batch.Add(status.ToEntry(name) with { IsLink = isLink });
    }
}
