namespace Fts.CrashTests.KillRestart;

/// <summary>The content of a directory entry: a file of one or more records, or a directory. Equality compares the records.</summary>
internal sealed record FileContent
{
    private readonly FileRecord[] _records;

    private FileContent(FileRecord[] records) => _records = records;

    /// <summary>A directory. Files always have at least one record.</summary>
    public static FileContent Folder { get; } = new([]);

    public bool IsFile => _records.Length > 0;

    public int Length => _records.Sum(record => record.Length);

    public int RecordCount => _records.Length;

    public static FileContent FromRecord(FileRecord record) => new([record]);

    /// <summary>Returns a copy with one more record at the end.</summary>
    public FileContent Append(FileRecord record) => new([.. _records, record]);

    /// <summary>Returns a copy with the first <paramref name="records"/> records only.</summary>
    public FileContent TakeFirst(int records) => new(_records[..records]);

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Length];
        int offset = 0;
        foreach (FileRecord record in _records)
        {
            record.WriteTo(bytes.AsSpan(offset));
            offset += record.Length;
        }

        return bytes;
    }

    /// <summary>Returns the records in a file's bytes, or null if a record is damaged or incomplete.</summary>
    public static FileContent? Parse(ReadOnlySpan<byte> bytes)
    {
        var records = new List<FileRecord>();
        while (!bytes.IsEmpty)
        {
            if (FileRecord.Parse(bytes) is not { } record)
            {
                return null;
            }

            records.Add(record);
            bytes = bytes[record.Length..];
        }

        return records.Count == 0 ? null : new FileContent([.. records]);
    }

    public bool Equals(FileContent? other) => other is not null && _records.AsSpan().SequenceEqual(other._records);

    public override int GetHashCode() => _records.Length == 0 ? 0 : _records[^1].GetHashCode();

    public override string ToString() => IsFile ? string.Join('+', _records) : "folder";
}
