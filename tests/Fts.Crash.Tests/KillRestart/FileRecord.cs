using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Fts.CrashTests.KillRestart;

/// <summary>
/// A piece of a file that says itself what it must be: a line that names it, its length and a seed, and a body that follows from the seed.
/// Cut short, mixed with another or damaged in one bit, it shows; no checksum would say more.
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

    /// <summary>The record that <paramref name="bytes"/> begin with; null if they begin with none that is whole.</summary>
    public static FileRecord? Parse(ReadOnlySpan<byte> bytes)
    {
        int line = bytes[..Math.Min(bytes.Length, MaxHeaderLength)].IndexOf((byte)'\n');
        string[] words = line < 0 ? [] : Encoding.ASCII.GetString(bytes[..line]).Split(' ');
        if (words is not ["fts-record", _, _, _, _] ||
            !int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out int version) ||
            !int.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out int body) ||
            !ulong.TryParse(words[4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong seed))
        {
            return null;
        }

        var record = new FileRecord(words[1], version, body, seed);
        if (bytes.Length < record.Length)
        {
            return null;
        }

        byte[] whole = new byte[record.Length];
        record.WriteTo(whole);
        return bytes[..record.Length].SequenceEqual(whole) ? record : null;
    }

    /// <summary>SplitMix64: as fast as memory, and no part of it resembles another.</summary>
    private void WriteBody(Span<byte> body)
    {
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        for (ulong state = Seed; !body.IsEmpty; body = body[Math.Min(body.Length, sizeof(ulong))..])
        {
            state += 0x9E37_79B9_7F4A_7C15;
            ulong mixed = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            BinaryPrimitives.WriteUInt64LittleEndian(last, mixed ^ (mixed >> 31));
            last[..Math.Min(body.Length, last.Length)].CopyTo(body);
        }
    }
}
