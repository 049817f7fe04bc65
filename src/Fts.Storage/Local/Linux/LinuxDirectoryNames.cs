using System.Buffers;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>Reads the names and types in a directory, without the status of the entries. Includes hidden names.</summary>
internal static class LinuxDirectoryNames
{
    private const int BufferSize = 32 * 1024; // bytes

    /// <summary>
    /// Returns the names in a directory, which is given by its path on this machine. Returns no names if the directory cannot be read.
    /// </summary>
    public static List<string> GetNames(string path)
    {
        var names = new List<string>();
        using var directory = new SafeFileHandle(Openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), ownsHandle: true);
        if (!directory.IsInvalid)
        {
            ForEach(directory, (name, _) =>
            {
                names.Add(name);
                return true;
            });
        }

        return names;
    }

    /// <summary>
    /// Calls <paramref name="visit"/> with each name and type (a DT_ constant) until it returns false. Returns false if
    /// <paramref name="visit"/> returned false, or if the directory could not be read completely.
    /// </summary>
    public static bool ForEach(SafeFileHandle directory, Func<string, byte, bool> visit)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int size;
            while ((size = DirectoryEntries.Read(directory, buffer.AsSpan(0, BufferSize), out DirectoryEntries entries)) > 0)
            {
                foreach (DirectoryEntries entry in entries)
                {
                    if (!visit(EscapedUtf8.GetString(entry.Name), entry.Type))
                    {
                        return false;
                    }
                }
            }

            return size == 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
