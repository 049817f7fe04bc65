using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Fts.Accounts.Journal;
using Fts.FuzzTests.Engine;

namespace Fts.FuzzTests.Targets;

/// <summary>The files of quotas and events.</summary>
internal static class RecordTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("journal", CheckJournalRecord) { BytesPerByte = 128 },
    ];

    /// <summary>The input is the content of a record. The checksum is added, because no mutated input would have the right one.</summary>
    private static void CheckJournalRecord(ReadOnlySpan<byte> input)
    {
        byte[] bytes = new byte[8 + input.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, input.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32.HashToUInt32(input));
        input.CopyTo(bytes.AsSpan(8));
        int length = JournalCodec.Read(bytes, out JournalRecord record);
        FuzzAssert.True(length == 0 || length == bytes.Length, "a record is read completely");
        if (length > 0)
        {
            var output = new ArrayBufferWriter<byte>();
            JournalCodec.Write(output, record);
            FuzzAssert.True(
                JournalCodec.Read(output.WrittenSpan, out JournalRecord again) == output.WrittenCount, "a written record can be read");
            FuzzAssert.Equal((record.Kind, record.Number, record.IntentNumber), (again.Kind, again.Number, again.IntentNumber),
                "a record survives the round trip");
            FuzzAssert.True(record.Entry?.Events.SequenceEqual(again.Entry!.Events) != false, "events survive the round trip");
        }
    }
}
