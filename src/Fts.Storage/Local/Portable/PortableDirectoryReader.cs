using System.IO.Enumeration;
using Fts.Storage.Local.Linux;

namespace Fts.Storage.Local.Portable;

/// <summary>Reads a folder by .NET's own enumerator, a batch at a time, and leaves out what <see cref="LinuxDirectoryReader"/> leaves out.</summary>
internal sealed class PortableDirectoryReader : IDirectoryReader
{
    private const int BatchSize = 1000;

    // What .NET makes of a byte that is not UTF-8, and of the time of an entry that is gone.
    private const char Undecodable = '\uFFFD';
    private static readonly DateTime s_gone = DateTime.FromFileTimeUtc(0);

    private readonly PortableRootDirectory _root;
    private readonly string _realPath;
    private readonly StorePath _directory;
    private readonly IEnumerator<FileEntry> _entries;

    public PortableDirectoryReader(PortableRootDirectory root, string real, StorePath directory)
    {
        (_root, _realPath, _directory) = (root, real, directory);
        var options = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };
        _entries = new FileSystemEnumerable<FileEntry>(real, ToEntry, options) { ShouldIncludePredicate = IsListed }.GetEnumerator();
    }

    public UnlistedNames Unlisted { get; private set; }

    public void Dispose() => _entries.Dispose();

    public bool ReadBatch(List<FileEntry> batch) => PortableRootDirectory.RunTranslated(() =>
    {
        batch.Clear();
        while (batch.Count < BatchSize && _entries.MoveNext())
        {
            FileEntry entry = _entries.Current;
            if (_root.IsHidden(Path.Combine(_realPath, entry.Name)))
            {
                continue;
            }

            batch.Add(entry.Kind == EntryKind.Other && _root.ResolveLink(_directory.Child(entry.Name)) is { } target ? target with { Name = entry.Name, IsLink = true } : entry);
        }

        return batch.Count > 0;
    });

    private bool IsListed(ref FileSystemEntry entry)
    {
        if (entry.FileName.ContainsAny(Undecodable, '\r', '\n'))
        {
            Unlisted = Unlisted.Add(entry.FileName.ToString());
            return false;
        }

        return !PathRules.IsReserved(entry.FileName) && entry.LastWriteTimeUtc.UtcDateTime != s_gone;
    }

    private static FileEntry ToEntry(ref FileSystemEntry entry)
    {
        (bool isSpecial, ulong id) = LinuxFileStatus.GetFileKind(entry.ToFullPath());
        EntryKind kind = entry.Attributes.HasFlag(FileAttributes.ReparsePoint) || isSpecial ? EntryKind.Other
            : entry.IsDirectory ? EntryKind.Directory
            : EntryKind.File;
        return new FileEntry(entry.FileName.ToString(), kind, kind == EntryKind.File ? entry.Length : 0, entry.LastWriteTimeUtc.UtcDateTime, Id: id,
            IsLink: entry.Attributes.HasFlag(FileAttributes.ReparsePoint));
    }
}
