using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts.Journal;

/// <summary>
/// The format of journal files: a header, then records. A record is the length of its content, the CRC-32 of its content (both 32 bits,
/// little endian), and its content.
/// </summary>
internal static class JournalCodec
{
    public const int HeaderLength = 8;

    /// <summary>The maximum length of a record's content in bytes. A longer record is damaged.</summary>
    public const int MaxRecordLength = 4 * 1024 * 1024;

    private const int PrefixLength = 8;

    /// <summary>The header of each file. The digit is the version of the format.</summary>
    public static ReadOnlySpan<byte> Header => "ftsjrnl1"u8;

    /// <summary>Appends a record.</summary>
    public static void Write(ArrayBufferWriter<byte> output, in JournalRecord record)
    {
        int start = output.WrittenCount;
        output.GetSpan(PrefixLength)[..PrefixLength].Clear();
        output.Advance(PrefixLength);
        var writer = new Writer(output);
        writer.WriteByte((byte)record.Kind);
        writer.WriteNumber(record.Number);
        if (record.Kind is JournalRecordKind.Settled or JournalRecordKind.Dropped)
        {
            writer.WriteNumber(record.IntentNumber);
        }

        if (record.Entry is { } entry)
        {
            WriteEntry(writer, entry);
        }

        Span<byte> written = MemoryMarshal.AsMemory(output.WrittenMemory).Span[start..];
        BinaryPrimitives.WriteInt32LittleEndian(written, written.Length - PrefixLength);
        BinaryPrimitives.WriteUInt32LittleEndian(written[4..], Crc32.HashToUInt32(written[PrefixLength..]));
    }

    /// <summary>
    /// Reads the record at the start of the bytes. Returns its total length in bytes, or 0 if the record is incomplete or damaged.
    /// </summary>
    public static int Read(ReadOnlySpan<byte> bytes, out JournalRecord record)
    {
        record = default;
        if (bytes.Length < PrefixLength || BinaryPrimitives.ReadInt32LittleEndian(bytes) is not (> 0 and <= MaxRecordLength and var length)
            || bytes.Length - PrefixLength < length)
        {
            return 0;
        }

        ReadOnlySpan<byte> content = bytes.Slice(PrefixLength, length);
        if (Crc32.HashToUInt32(content) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]))
        {
            return 0;
        }

        var reader = new Reader(content);
        var kind = (JournalRecordKind)reader.ReadByte();
        long number = reader.ReadNumber();
        long intentNumber = kind is JournalRecordKind.Settled or JournalRecordKind.Dropped ? reader.ReadNumber() : 0;
        JournalEntry? entry = kind is JournalRecordKind.Intent or JournalRecordKind.Effect ? ReadEntry(ref reader) : null;
        if (reader.HasFailed || !reader.IsAtEnd || kind is < JournalRecordKind.Intent or > JournalRecordKind.Stopped)
        {
            return 0;
        }

        record = new JournalRecord(kind, number, intentNumber, entry);
        return PrefixLength + length;
    }

    private static void WriteEntry(Writer writer, JournalEntry entry)
    {
        writer.WriteByte((byte)entry.Operation);
        if (entry.Operation != JournalOperation.None)
        {
            WriteLocation(writer, entry.Source);
            writer.WriteNumber((long)entry.FileId);
            writer.WriteNumber(entry.Length);
        }

        if (entry.Operation == JournalOperation.Rename)
        {
            WriteLocation(writer, entry.Target);
        }

        writer.WriteNumber(entry.Changes.Count);
        foreach (QuotaChange change in entry.Changes)
        {
            writer.WriteText(change.Directory);
            writer.WriteNumber(change.Amount.Bytes);
            writer.WriteNumber(change.Amount.Files);
        }

        writer.WriteOptionalNumber(entry.CountedAt?.UtcTicks);
        writer.WriteNumber(entry.Parts.Count);
        foreach (CombinedPart part in entry.Parts)
        {
            WriteLocation(writer, part.Location);
            writer.WriteNumber((long)part.FileId);
        }

        writer.WriteNumber(entry.Events.Count);
        foreach (AccountEvent happened in entry.Events)
        {
            writer.WriteByte((byte)happened.Type);
            writer.WriteNumber(happened.Time.UtcTicks);
            writer.WriteText(happened.Account);
            writer.WriteText(happened.Address);
            writer.WriteOptionalNumber(happened.Session);
            writer.WriteText(happened.Path);
            writer.WriteText(happened.Target);
            writer.WriteOptionalNumber(happened.Bytes);
            writer.WriteText(happened.Verdict);
            writer.WriteText(happened.Sha256);
            writer.WriteText(happened.Rule);
            writer.WriteText(happened.Detail);
        }
    }

    private static JournalEntry? ReadEntry(ref Reader reader)
    {
        var operation = (JournalOperation)reader.ReadByte();
        if (operation > JournalOperation.CreateLink)
        {
            reader.Fail();
            return null;
        }

        var entry = new JournalEntry(operation);
        if (operation != JournalOperation.None)
        {
            entry = entry with
            {
                Source = ReadLocation(ref reader),
                FileId = (ulong)reader.ReadNumber(),
                Length = reader.ReadNumber(),
            };
        }

        if (operation == JournalOperation.Rename)
        {
            entry = entry with { Target = ReadLocation(ref reader) };
        }

        var changes = new List<QuotaChange>();
        for (long left = reader.ReadNumber(); left > 0 && !reader.HasFailed; left--)
        {
            changes.Add(new QuotaChange(reader.ReadText() ?? "", new QuotaAmount(reader.ReadNumber(), reader.ReadNumber())));
        }

        DateTimeOffset? countedAt = reader.ReadOptionalNumber() is { } ticks ? reader.ToTime(ticks) : null;
        var parts = new List<CombinedPart>();
        for (long left = reader.ReadNumber(); left > 0 && !reader.HasFailed; left--)
        {
            parts.Add(new CombinedPart(ReadLocation(ref reader), (ulong)reader.ReadNumber()));
        }

        var events = new List<AccountEvent>();
        for (long left = reader.ReadNumber(); left > 0 && !reader.HasFailed; left--)
        {
            events.Add(ReadEvent(ref reader));
        }

        return entry with { Changes = changes, CountedAt = countedAt, Parts = parts, Events = events };
    }

    private static AccountEvent ReadEvent(ref Reader reader)
    {
        var type = (EventType)reader.ReadByte();
        if (type is < EventType.Login or > EventType.LinkMade)
        {
            reader.Fail();
        }

        return new AccountEvent(type, reader.ToTime(reader.ReadNumber()))
        {
            Account = reader.ReadText(),
            Address = reader.ReadText(),
            Session = reader.ReadOptionalNumber(),
            Path = reader.ReadText(),
            Target = reader.ReadText(),
            Bytes = reader.ReadOptionalNumber(),
            Verdict = reader.ReadText(),
            Sha256 = reader.ReadText(),
            Rule = reader.ReadText(),
            Detail = reader.ReadText(),
        };
    }

    private static void WriteLocation(Writer writer, StoreLocation location)
    {
        writer.WriteText(location.Directory);
        writer.WriteText(location.Path.Value);
    }

    private static StoreLocation ReadLocation(ref Reader reader)
    {
        string directory = reader.ReadText() ?? "";
        StorePath? path = StorePath.Root.Resolve(reader.ReadText() ?? "");
        if (directory.Length == 0 || path is null)
        {
            reader.Fail();
        }

        return new StoreLocation(directory, path ?? StorePath.Root);
    }

    /// <summary>Writes values to a buffer. Texts are file names, so that every byte sequence must survive.</summary>
    private readonly struct Writer(ArrayBufferWriter<byte> output)
    {
        public void WriteByte(byte value) => output.Write([value]);

        public void WriteNumber(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), value);
            output.Advance(sizeof(long));
        }

        public void WriteOptionalNumber(long? value)
        {
            WriteByte((byte)(value is null ? 0 : 1));
            if (value is { } number)
            {
                WriteNumber(number);
            }
        }

        public void WriteText(string? text)
        {
            if (text is null)
            {
                WriteInt32(-1);
                return;
            }

            Span<byte> space = output.GetSpan(sizeof(int) + EscapedUtf8.GetByteCount(text));
            int length = EscapedUtf8.GetBytes(text, space[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(space, length);
            output.Advance(sizeof(int) + length);
        }

        private void WriteInt32(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), value);
            output.Advance(sizeof(int));
        }
    }

    /// <summary>Reads values. After a value that is not complete, <see cref="HasFailed"/> is true and all values are empty.</summary>
    private ref struct Reader(ReadOnlySpan<byte> content)
    {
        private ReadOnlySpan<byte> _rest = content;

        public bool HasFailed { get; private set; }

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public void Fail()
        {
            HasFailed = true;
            _rest = default;
        }

        public byte ReadByte() => TryTake(1, out ReadOnlySpan<byte> taken) ? taken[0] : (byte)0;

        public long ReadNumber() => TryTake(sizeof(long), out ReadOnlySpan<byte> taken) ? BinaryPrimitives.ReadInt64LittleEndian(taken) : 0;

        public long? ReadOptionalNumber() => ReadByte() == 0 ? null : ReadNumber();

        public string? ReadText()
        {
            int length = TryTake(sizeof(int), out ReadOnlySpan<byte> taken) ? BinaryPrimitives.ReadInt32LittleEndian(taken) : -1;
            return length >= 0 && TryTake(length, out ReadOnlySpan<byte> text) ? EscapedUtf8.GetString(text) : null;
        }

        public DateTimeOffset ToTime(long ticks)
        {
            if (ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks)
            {
                return new DateTimeOffset(ticks, TimeSpan.Zero);
            }

            Fail();
            return default;
        }

        private bool TryTake(int length, out ReadOnlySpan<byte> taken)
        {
            if (_rest.Length < length)
            {
                Fail();
                taken = default;
                return false;
            }

            taken = _rest[..length];
            _rest = _rest[length..];
            return true;
        }
    }
}
