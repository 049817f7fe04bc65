using System.IO.Enumeration;
using Fts.Storage.Local.Linux;

namespace Fts.Storage.Local.Portable;

/// <summary>
/// Reads the entries of a directory in batches with .NET's file functions. Omits the same entries as <see cref="LinuxDirectoryReader"/>,
/// and names that are not UTF-8.
/// </summary>
internal sealed class PortableDirectoryReader : IDirectoryReader
{
    private const int BatchSize = 1000; // entries

    // .NET returns this character for a byte that is not UTF-8.
    private const char ReplacementCharacter = '\uFFFD';

    // .NET returns this time for an entry that no longer exists.
    private static readonly DateTime s_missingTime = DateTime.FromFileTimeUtc(0);

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

            FileEntry? target = entry.Kind == EntryKind.Other ? _root.ResolveLink(_directory.Child(entry.Name)) : null;
            batch.Add(target is { } resolved ? resolved with { Name = entry.Name, IsLink = true } : entry);
        }

        return batch.Count > 0;
    });

    /// <summary>Returns whether the listing contains an entry. Counts the names that a <see cref="StorePath"/> cannot contain.</summary>
    private bool IsListed(ref FileSystemEntry entry)
    {
        if (entry.FileName.ContainsAny(ReplacementCharacter, '\r', '\n'))
        {
            Unlisted = Unlisted.Add(entry.FileName.ToString());
            return false;
        }

        return !PathRules.IsReserved(entry.FileName) && entry.LastWriteTimeUtc.UtcDateTime != s_missingTime;
    }

    private static FileEntry ToEntry(ref FileSystemEntry entry)
    {
        (bool isSpecial, ulong id) = LinuxFileStatus.GetTypeAndId(entry.ToFullPath());
        bool isLink = entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
        EntryKind ordinaryKind = entry.IsDirectory ? EntryKind.Directory : EntryKind.File;
        EntryKind kind = isLink || isSpecial ? EntryKind.Other : ordinaryKind;
        long length = kind == EntryKind.File ? entry.Length : 0;
        return new FileEntry(entry.FileName.ToString(), kind, length, entry.LastWriteTimeUtc.UtcDateTime, Id: id, IsLink: isLink);
    }
}
