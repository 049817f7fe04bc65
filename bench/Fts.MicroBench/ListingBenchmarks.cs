using BenchmarkDotNet.Attributes;
using Fts.Protocol.Listings;

namespace Fts.MicroBench;

/// <summary>Parsing of one line of a listing by the client.</summary>
[MemoryDiagnoser]
public class ListingBenchmarks
{
    private static readonly DateTime Now = new(2026, 7, 1, 0, 0, 0, DateTimeKind.Utc);

    [Benchmark]
    public object? Mlsd() => ListingParser.ParseMlsxLine(
        "type=file;size=1234567;modify=20260314150926;perm=adfrw;unique=123456789abc;UNIX.mode=0644; file00001.txt");

    [Benchmark]
    public object? Unix() => ListingParser.ParseLine("-rw-r--r--   1 ftp      ftp           1234567 Mar 14 15:09 file00001.txt", Now);

    [Benchmark]
    public object? UnixLink() =>
        ListingParser.ParseLine("lrwxrwxrwx   1 ftp      ftp                13 Mar 14  2025 current -> file00001.txt", Now);

    [Benchmark]
    public object? Dos() => ListingParser.ParseLine("03-14-26  03:09PM              1234567 file00001.txt", Now);

    [Benchmark]
    public object? DosDirectory() => ListingParser.ParseLine("03-14-26  03:09PM       <DIR>          folder", Now);
}
