using BenchmarkDotNet.Attributes;
using Fts.Protocol;
using Fts.Protocol.Listings;

namespace Fts.MicroBench;

/// <summary>Writing of one line of a listing by the server.</summary>
[MemoryDiagnoser]
public class ListingFormatBenchmarks
{
    private static readonly DateTime Now = new(2026, 7, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly byte[] _line = new byte[ListingFormatter.MaxLineLength], _sha256 = new byte[32];

    [Params("file00001.txt", "Überblick über das Jahr.pdf")]
    public string Name { get; set; } = "";

    [Benchmark]
    public int Mlsd() => ListingFormatter.WriteMlsx(_line, Row(default), MlsxFacts.Default);

    [Benchmark]
    public int MlsdWithHash() => ListingFormatter.WriteMlsx(_line, Row(_sha256), MlsxFacts.Default | MlsxFacts.Sha256);

    [Benchmark]
    public int List() => ListingFormatter.WriteUnix(_line, Row(default), Now);

    private ListingRow Row(ReadOnlySpan<byte> sha256) => new()
    {
        Name = Name,
        Kind = FtpEntryKind.File,
        Length = 1_234_567,
        LastModified = new DateTime(2026, 3, 14, 15, 9, 26, DateTimeKind.Utc),
        Mode = (UnixFileMode)0x1A4, // rw-r--r--
        Permissions = "adfrw"u8,
        Id = 0x1234_5678_9ABC,
        Sha256 = sha256,
    };
}
