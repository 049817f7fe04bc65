using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using FsCheck;
using FsCheck.Fluent;
using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts.Tests.Journal;

public sealed class JournalCodecTests
{
    [Fact]
    public void Every_record_survives_the_round_trip() => Prop.ForAll(RecordArbitrary(), record =>
    {
        byte[] bytes = Write(record);
        Assert.Equal(bytes.Length, JournalCodec.Read([.. bytes, 1, 2, 3], out JournalRecord read));
        AssertSame(record, read);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_part_of_a_record_is_read_as_a_record() => Prop.ForAll(RecordArbitrary(), record =>
    {
        byte[] bytes = Write(record);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(0, JournalCodec.Read(bytes.AsSpan(0, length), out _));
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_record_with_a_changed_byte_is_not_read() => Prop.ForAll(
        RecordArbitrary(), ArbMap.Default.ArbFor<byte>(), ArbMap.Default.ArbFor<ushort>(), (record, mask, position) =>
    {
        byte[] bytes = Write(record);
        bytes[position % bytes.Length] ^= (byte)(mask | 1);
        Assert.Equal(0, JournalCodec.Read(bytes, out _));
    }).QuickCheckThrowOnFailure();

    /// <summary>The checksum is corrected, because it would otherwise reject every changed record.</summary>
    [Fact]
    public void A_changed_record_with_the_right_checksum_does_not_throw_and_can_be_written_again() => Prop.ForAll(
        RecordArbitrary(), ArbMap.Default.ArbFor<(ushort Position, byte Value)[]>(), (record, changes) =>
    {
        byte[] bytes = Write(record);
        foreach ((ushort position, byte value) in changes)
        {
            bytes[8 + (position % (bytes.Length - 8))] = value;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32.HashToUInt32(bytes.AsSpan(8)));
        if (JournalCodec.Read(bytes, out JournalRecord read) > 0)
        {
            byte[] again = Write(read);
            Assert.Equal(again.Length, JournalCodec.Read(again, out JournalRecord same));
            AssertSame(read, same);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void No_bytes_throw() =>
        Prop.ForAll<byte[]>(bytes => { _ = JournalCodec.Read(bytes, out _); }).QuickCheckThrowOnFailure();

    private static byte[] Write(JournalRecord record)
    {
        var output = new ArrayBufferWriter<byte>();
        JournalCodec.Write(output, record);
        return output.WrittenSpan.ToArray();
    }

    private static void AssertSame(JournalRecord expected, JournalRecord actual)
    {
        Assert.Equal((expected.Kind, expected.Number, expected.IntentNumber), (actual.Kind, actual.Number, actual.IntentNumber));
        if (expected.Entry is not { } entry)
        {
            Assert.Null(actual.Entry);
            return;
        }

        JournalEntry read = actual.Entry!;
        Assert.Equal(
            (entry.Operation, entry.Source, entry.Target, entry.FileId, entry.Length, entry.CountedAt),
            (read.Operation, read.Source, read.Target, read.FileId, read.Length, read.CountedAt));
        Assert.Equal(entry.Changes, read.Changes);
        Assert.Equal(entry.Parts, read.Parts);
        Assert.Equal(entry.Events, read.Events);
    }

    private static Arbitrary<JournalRecord> RecordArbitrary()
    {
        // \udcff is a byte of a file name that is not UTF-8.
        Gen<string?> text = Gen.Elements<string?>(null, "", "a", "/srv/ä b", "x\udcffy", "😀\n", new string('n', 300));
        Gen<long> number = ArbMap.Default.GeneratorFor<long>();
        Gen<StoreLocation> location = Gen.Elements("/", "/a", "/ä/b\udc80").Select(path =>
            new StoreLocation("/srv", StorePath.Root.Resolve(path)!.Value));
        Gen<AccountEvent> happened =
            from type in Gen.Choose(1, 10)
            from texts in text.ArrayOf(8)
            from bytes in number
            select new AccountEvent((EventType)type, DateTimeOffset.UnixEpoch.AddTicks(Math.Abs(bytes % 1_000_000)))
            {
                Account = texts[0],
                Address = texts[1],
                Session = texts[2] is null ? null : bytes,
                Path = texts[3],
                Target = texts[4],
                Bytes = texts[5] is null ? null : bytes,
                Verdict = texts[6],
                Detail = texts[7],
            };
        Gen<JournalEntry> entry =
            from operation in Gen.Choose(0, 4)
            from source in location
            from target in location
            from id in number
            from length in number
            from events in happened.ListOf()
            from parts in location.ListOf()
            from change in number
            select new JournalEntry((JournalOperation)operation)
            {
                Source = operation == 0 ? default : source,
                Target = operation == (int)JournalOperation.Rename ? target : default,
                FileId = operation == 0 ? 0 : (ulong)id,
                Length = operation == 0 ? 0 : length,
                Changes = [new QuotaChange("/srv", new QuotaAmount(change, -change))],
                CountedAt = change % 2 == 0 ? null : DateTimeOffset.UnixEpoch,
                Parts = [.. parts.Select(part => new CombinedPart(part, 7))],
                Events = [.. events],
            };
        Gen<JournalRecord> record =
            from kind in Gen.Choose(1, 5)
            from recordNumber in number
            from intent in number
            from written in entry
            select new JournalRecord(
                (JournalRecordKind)kind, recordNumber, kind is 2 or 3 ? intent : 0, kind is 1 or 4 ? written : null);
        return record.ToArbitrary();
    }
}
