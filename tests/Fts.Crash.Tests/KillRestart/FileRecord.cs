using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Fts.CrashTests.KillRestart;

/// <summary>
/// A verifiable piece of a file: a header line with name, version, body length and seed, and a body generated from the seed. The test can
/// detect truncated, mixed and damaged records from the file alone.
/// </summary>
internal readonly record struct FileRecord(string Name, int Version, int BodyLength, ulong Seed)
{
    private const int MaxHeaderLength = 200;

    public int Length => Header.Length + BodyLength;

    private string Header => $"fts-record {Name} {Version} {BodyLength} {Seed:x16}\n";

    public override string ToString() => $"{Name}#{Version}({Length})";

    public void WriteTo(Span<byte> target)
    {
        int header = Encoding.ASCII.GetBytes(Header, target);
        WriteBody(target[header..Length]);
    }

    /// <summary>Returns the record at the start of <paramref name="bytes"/>, or null if it is damaged or incomplete.</summary>
    public static FileRecord? Parse(ReadOnlySpan<byte> bytes)
    {
        int headerEnd = bytes[..Math.Min(bytes.Length, MaxHeaderLength)].IndexOf((byte)'\n');
        string[] fields = headerEnd < 0 ? [] : Encoding.ASCII.GetString(bytes[..headerEnd]).Split(' ');
        if (fields is not ["fts-record", _, _, _, _] ||
            !int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out int version) ||
            !int.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out int body) ||
            !ulong.TryParse(fields[4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong seed))
        {
            return null;
        }

        var record = new FileRecord(fields[1], version, body, seed);
        if (bytes.Length < record.Length)
        {
            return null;
        }

        byte[] expected = new byte[record.Length];
        record.WriteTo(expected);
        return bytes[..record.Length].SequenceEqual(expected) ? record : null;
    }

    /// <summary>Fills the body with the output of SplitMix64, which is fast and does not repeat.</summary>
    private void WriteBody(Span<byte> body)
    {
        Span<byte> block = stackalloc byte[sizeof(ulong)];
        for (ulong state = Seed; !body.IsEmpty; body = body[Math.Min(body.Length, sizeof(ulong))..])
        {
            state += 0x9E37_79B9_7F4A_7C15;
            ulong mixed = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            BinaryPrimitives.WriteUInt64LittleEndian(block, mixed ^ (mixed >> 31));
            block[..Math.Min(body.Length, block.Length)].CopyTo(body);
        }
    }
}
