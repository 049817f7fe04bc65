using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Fts.Protocol.Listings;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Tests.Listings;

/// <summary>Formats of less common servers, with one line for each.</summary>
public sealed class ListingKindsTests
{
    private static readonly DateTime Now = new(2026, 3, 10, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>Line, name, kind, length or -1, time or an empty string.</summary>
    public static TheoryData<string, string, FtpEntryKind, long, string> Lines => new()
    {
        // Dates that ls does not write.
        { "-rw-r--r--   1 ann      staff        77 3 9 08:15 month as a number", "month as a number", FtpEntryKind.File, 77,
            "2026-03-09 08:15:00" },
        { "-rw-r--r--   1 1000     1000         77 11 9 2024 month as a number", "month as a number", FtpEntryKind.File, 77,
            "2024-11-09 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 29 9 08:15 day first", "day first", FtpEntryKind.File, 77, "2025-09-29 08:15:00" },
        { "-rw-r--r--   1 ann      staff        77 11-28 2024 with a year", "with a year", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 28/11 2024 day first", "day first", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 24-04-2024 17:12 notes of may", "notes of may", FtpEntryKind.File, 77,
            "2024-04-24 17:12:00" },
        { "-rw-r--r--   1 ann      staff        77 04/24/24 17:12:09 slashes", "slashes", FtpEntryKind.File, 77, "2024-04-24 17:12:09" },
        { "-rw-r--r--   1 ann      staff        77 24-APR-2024 17:12 letters", "letters", FtpEntryKind.File, 77, "2024-04-24 17:12:00" },
        { "-rw-r--r--   1 ann      staff        77 02-feb-98 short date", "short date", FtpEntryKind.File, 77, "1998-02-02 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 2024.11.28   after a gap", "after a gap", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 28.11.2024 08:15 dots", "dots", FtpEntryKind.File, 77, "2024-11-28 08:15:00" },
        { "-rw-r--r--   1 ann      staff        77 2024-11-28 without time", "without time", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 2024 11 28 figures", "figures", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 Feb 5 21.22 dotted time", "dotted time", FtpEntryKind.File, 77, "2026-02-05 21:22:00" },
        { "-rw-r--r--   1 ann      staff        77 Nov 28, 2024 08:15 both", "both", FtpEntryKind.File, 77, "2024-11-28 08:15:00" },
        { "-rw-r--r--   1 ann      staff        77 Nov 28, 2024 08.15 is the name", "08.15 is the name", FtpEntryKind.File, 77,
            "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 Feb 28 24:00 midnight", "midnight", FtpEntryKind.File, 77, "2026-03-01 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 2024-12-31 24:00 midnight", "midnight", FtpEntryKind.File, 77, "2025-01-01 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 nov11 28 2024 month with its number", "month with its number", FtpEntryKind.File, 77,
            "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        1767225599 24-04-2024 17:12 large", "large", FtpEntryKind.File, 1767225599,
            "2024-04-24 17:12:00" },
        { "-rw-r--r--   1 ann      staff        12 1767225599 24-04-2024 is a name", "24-04-2024 is a name", FtpEntryKind.File, 12,
            "2025-12-31 23:59:59" },

        // East Asian dates: UTF-8, and bytes of Shift-JIS, EUC-JP, GBK, Big5 and EUC-KR, which arrive as lone surrogates.
        { "-rw-r--r--   1 ann      staff        77 2024年11月28日 08:15 一", "一", FtpEntryKind.File, 77, "2024-11-28 08:15:00" },
        { "-rw-r--r--   1 ann      staff        77 2024년 11월 28일 이", "이", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 11月28日 08:15 三", "三", FtpEntryKind.File, 77, "2025-11-28 08:15:00" },
        { "-rw-r--r--   1 ann      staff        77 2월 28 08:15 사", "사", FtpEntryKind.File, 77, "2026-02-28 08:15:00" },
        { "-rw-r--r--   1 ann      staff        77 9\uDC8C\uDC8E 28\uDC93\uDCFA 2024\uDC94N sjis", "sjis", FtpEntryKind.File, 77,
            "2024-09-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 9\uDCB7\uDCEE 28 08:15 eucjp", "eucjp", FtpEntryKind.File, 77, "2025-09-28 08:15:00" },
        { "-rw-r--r--   1 ann      staff        77 2024\uDCC4\uDCEA 9\uDCD4\uDCC2 28\uDCC8\uDCD5 gbk", "gbk", FtpEntryKind.File, 77,
            "2024-09-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 2024\uDCA6~ 9\uDCA4\uDCEB 28\uDCA4\uDCE9 big5", "big5", FtpEntryKind.File, 77,
            "2024-09-28 00:00:00" },
        { "-rw-r--r--   1 ann      staff        77 9\uDCBF\uDCF9 28 2024 euckr", "euckr", FtpEntryKind.File, 77, "2024-09-28 00:00:00" },

        // Columns that are missing, joined, or not valid.
        { "-rw-r--r-- longowner longgroup8123456 Nov 28 2024 run together", "run together", FtpEntryKind.File, 8123456,
            "2024-11-28 00:00:00" },
        { "drwxr-xr-x1024 ann staff 4096 Nov 28 2024 many links", "many links", FtpEntryKind.Directory, -1, "2024-11-28 00:00:00" },
        { "drwxr-xr-x 3 ann staff 512 no date at all", "no date at all", FtpEntryKind.Directory, -1, "" },
        { "-rw-r--r-- 1 ann 512 no group either", "no group either", FtpEntryKind.File, 512, "" },
        { "-rw-r--r-- 1 18446744073709551615 18446744073709551614 77 Nov 28 2024 wide owners", "wide owners", FtpEntryKind.File, 77,
            "2024-11-28 00:00:00" },
        { "-rw-r--r-- 1 ann staff 18446744073709551615 Nov 28 2024 wide size", "wide size", FtpEntryKind.File, -1, "2024-11-28 00:00:00" },
        { "-rw-r--r-- 1 ann staff -1 Nov 28 2024 negative", "negative", FtpEntryKind.File, -1, "2024-11-28 00:00:00" },
        { "-rw-r--r-- 1 ann staff 1,234,567 Nov 28 2024 commas", "commas", FtpEntryKind.File, 1234567, "2024-11-28 00:00:00" },
        { "-rw-r--r-- 1 ann staff 1.234 Nov 28 2024 dots", "dots", FtpEntryKind.File, 1234, "2024-11-28 00:00:00" },
        { "-rw-r--r-- 1 ann staff 62.5k Nov 28 2024 rounded", "rounded", FtpEntryKind.File, -1, "2024-11-28 00:00:00" },
        { "drwxr-xr-x 2 ann staff 4096 Nov 28 2024 marked/", "marked", FtpEntryKind.Directory, -1, "2024-11-28 00:00:00" },
        { "-rw-r--r-- 1 ann staff 77 Foo 28 2024 language of nobody", "language of nobody", FtpEntryKind.File, 77, "" },
        { "-rw-r--r-- 1 ann staff 77 28. Foo 08:15 language of nobody", "language of nobody", FtpEntryKind.File, 77, "" },
        { "-rw-r--r-- 1 ann staff 77 \uDCE0\uDCE1\uDCE2 28 2024 bytes of nobody", "bytes of nobody", FtpEntryKind.File, 77, "" },
        { "-rw-r--r--\t1\tann\tstaff\t77\tNov 28 2024\ttabs", "tabs", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },
        { "  -rw-r--r-- 1 ann staff 77 Nov 28 2024 indented", "indented", FtpEntryKind.File, 77, "2024-11-28 00:00:00" },

        // Other servers.
        { "4711  Nov 28, 2024 08:15 old VShell", "old VShell", FtpEntryKind.File, 4711, "2024-11-28 08:15:00" },
        { "0  Nov 28, 2024 08:15 old VShell/", "old VShell", FtpEntryKind.Directory, -1, "2024-11-28 08:15:00" },
        { "    4711      A    11-28-124  08:15  year of three digits", "year of three digits", FtpEntryKind.File, 4711,
            "2024-11-28 08:15:00" },
        { "    4711  AHRS     11-28-98   08:15  attributes", "attributes", FtpEntryKind.File, 4711, "1998-11-28 08:15:00" },
        { "       0 DIR  A    11-28-24   08:15  OS2DIR", "OS2DIR", FtpEntryKind.Directory, -1, "2024-11-28 08:15:00" },
        { "    4711    Nov-28-2024  08:15:59   config.bin", "config.bin", FtpEntryKind.File, 4711, "2024-11-28 08:15:59" },
        { "     512    Nov-28-2024  08:15:59   old  files         <DIR>", "old  files", FtpEntryKind.Directory, -1, "2024-11-28 08:15:59" },
        { "boot.cfg           4711  11/28/24  Thur.   08:15:59", "boot.cfg", FtpEntryKind.File, 4711, "2024-11-28 08:15:59" },
        { "-CR-M-----FTP A ANNS01       1200    40960 Nov 28 2024 a batch", "a batch", FtpEntryKind.File, 40960, "2024-11-28 00:00:00" },
        { "7.12 24/11/28 0815 --e-rewr 1A40 4711 startup", "startup", FtpEntryKind.File, 4711, "2024-11-28 08:15:00" },
        { "7.12 24/11/28 0815 d-ewrewr 1A40 256 CMDS", "CMDS", FtpEntryKind.Directory, -1, "2024-11-28 08:15:00" },
        { "LEDGER     101       4711 28-Nov-24 08:15:59 200,17 \"nunu\"", "LEDGER", FtpEntryKind.File, 4711, "2024-11-28 08:15:59" },
        { "LEDGER2    800+      4711 28-Nov-24 08:15:59 200, 7 \"-G-O\"", "LEDGER2", FtpEntryKind.File, 4711, "2024-11-28 08:15:59" },
        { "PROFILE  EXEC     F        80       12        1 2024-11-28 08:15:59 ANN191", "PROFILE.EXEC", FtpEntryKind.File, 960,
            "2024-11-28 08:15:59" },
        { "LASTING  GLOBALV  V        41       21        1 2024-11-28 08:15:59 ANN191", "LASTING.GLOBALV", FtpEntryKind.File, -1,
            "2024-11-28 08:15:59" },
        { "NOTES    DIR      -         -        -        - 2024-11-28 08:15:59 -", "NOTES", FtpEntryKind.Directory, -1,
            "2024-11-28 08:15:59" },
        { "WRK009 3390   2024/11/28  1  ????  FB      80 27920  PS  ANN.DATA", "ANN.DATA", FtpEntryKind.File, -1, "" },
        { "WRK009 3390   2024/11/28 12 ++++  FB      80 27920  PO  ann.source-2", "ann.source-2", FtpEntryKind.Directory, -1, "" },
        { "WRK009 3390   2024/11/28 112000 U 0 27998 PO ANN.LOAD", "ANN.LOAD", FtpEntryKind.Directory, -1, "" },
        { "WRK009 3390   **NONE**    1   15  NONE     0     0  PO  ANN.EMPTY", "ANN.EMPTY", FtpEntryKind.Directory, -1, "" },
        { "WRK009 3390   VSAM ANN.INDEX", "ANN.INDEX", FtpEntryKind.Other, -1, "" },
        { "T00917 Tape                                             ANN.BACKUP", "ANN.BACKUP", FtpEntryKind.File, -1, "" },
        { "Migrated\t\t\t\tANN.OLD", "ANN.OLD", FtpEntryKind.Other, -1, "" },
        { "PAYROLL   01.07 2024/01/09 2024/11/28 08:15   310   298     0 ANN", "PAYROLL", FtpEntryKind.File, -1, "2024-11-28 08:15:00" },
        { "PAYROLL   01.07 24/01/09 24/11/28 08:15   310   298     0 ANN", "PAYROLL", FtpEntryKind.File, -1, "2024-11-28 08:15:00" },
        { "LOADER    0014A8 00020F  00 FO        RU      ANY    64", "LOADER", FtpEntryKind.File, -1, "" },
        { "ANNSORT   JOB00417  OUTPUT    3 Spool Files", "JOB00417", FtpEntryKind.File, -1, "" },
        { "NOTES.TXT;4  3KB 28-NOV-2024 08:15:59.27", "NOTES.TXT;4", FtpEntryKind.File, 3072, "2024-11-28 08:15:59" },
        { "NOTES.TXT;4  3/4  28-NOV-2024  [ANN]", "NOTES.TXT;4", FtpEntryKind.File, 1536, "2024-11-28 00:00:00" },
        { "type=file;size=77;modify=20241128081559; facts of MLSD", "facts of MLSD", FtpEntryKind.File, 77, "2024-11-28 08:15:59" },
        { "Modify=20241128081559;Type=dir no last semicolon", "no last semicolon", FtpEntryKind.Directory, -1, "2024-11-28 08:15:59" },

        // DOS with other locales.
        { "28-11-2024  08:15       <DIR>          day first", "day first", FtpEntryKind.Directory, -1, "2024-11-28 08:15:00" },
        { "11-28-24  08:15:59PM              4711 seconds", "seconds", FtpEntryKind.File, 4711, "2024-11-28 20:15:59" },
        { "11/28/2024  8:15p              4711 short half", "short half", FtpEntryKind.File, 4711, "2024-11-28 20:15:00" },
        { "28.11.2024  08.15             1.234.567 dots", "dots", FtpEntryKind.File, 1234567, "2024-11-28 08:15:00" },
        { "28/11/2024  08:15             1\u00A0234\u00A0567 hard blanks", "hard blanks", FtpEntryKind.File, 1234567,
            "2024-11-28 08:15:00" },
        { "28/11/2024  08:15             1\uDCFF234\uDCFF567 hard blanks of DOS", "hard blanks of DOS", FtpEntryKind.File, 1234567,
            "2024-11-28 08:15:00" },
        { "28/11/2024  08:15    <REP>          dossier", "dossier", FtpEntryKind.Directory, -1, "2024-11-28 08:15:00" },
        { "2024-11-28  오후 08:15    <DIR>          폴더", "폴더", FtpEntryKind.Directory, -1, "2024-11-28 20:15:00" },
        { "2024/11/28  上午 08:15             4711 文件", "文件", FtpEntryKind.File, 4711, "2024-11-28 08:15:00" },
        { "11-28-24  08:15AM    <SYMLINKD>     link [D:\\data]", "link", FtpEntryKind.Directory, -1, "2024-11-28 08:15:00" },
        { "11-28-24  08:15AM    <SYMLINK>      link [D:\\a.txt]", "link", FtpEntryKind.Link, -1, "2024-11-28 08:15:00" },
    };

    /// <summary>A month name of each language, as <c>ls</c> writes it.</summary>
    public static TheoryData<string, int> Months => new()
    {
        { "26. Juli", 7 }, { "30. Jan.", 1 }, { "26. Juli,", 7 }, { "3. März", 3 }, { "5 déc.", 12 }, { "5 févr.", 2 }, { "5 août", 8 },
            { "5 juil.", 7 }, { "12 ene", 1 }, { "12 dic", 12 },
        { "Fev 5", 2 }, { "Out 5", 10 }, { "10 gen", 1 }, { "10 ott", 10 }, { "szept 26", 9 }, { "márc 26", 3 }, { "ápr. 26", 4 },
            { "8 mrt", 3 }, { "okt 8", 10 }, { "maj 8", 5 },
        { "helmi 8", 2 }, { "paź 8", 10 }, { "8 wrz", 9 }, { "8. srp", 8 }, { "čen 8", 6 }, { "čec 8", 7 }, { "8. avg", 8 }, { "янв 8", 1 },
            { "8 сентября", 9 }, { "жов 8", 10 },
        { "Ağu 8", 8 }, { "Eki 8", 10 }, { "Ιουν 8", 6 }, { "ágú 8", 8 }, { "rgs 8", 9 }, { "veebr 8", 2 }, { "8 noi", 11 },
            { "12月 8", 12 }, { "12월 8", 12 },
    };

    /// <summary>The bytes of a month name in a code page, as lone surrogates and as Latin-1.</summary>
    public static TheoryData<string, int> LegacyMonths => new()
    {
        { "\uDCFF\uDCED\uDCE2", 1 }, // windows-1251 янв
        { "\uDCD1\uDCCE\uDCD7", 1 }, // KOI8-R янв
        { "\uFB62", 1 }, // CP866 янв, whose bytes are valid UTF-8
        { "\uDCEF\uDCDD\uDCD2", 1 }, // ISO-8859-5 янв
        { "\uDCCC\uDCE0\uDCE9", 5 }, // windows-1251 Май
        { "pa\uDCBC", 10 }, // ISO-8859-2 paź
        { "pa\uDC9F", 10 }, // windows-1250 paź
        { "M\uDCE4r", 3 }, // windows-1252 Mär
        { "M\uDC84r", 3 }, // CP850 Mär
        { "d\uDCE9c", 12 }, // windows-1252 déc
        { "D\uDCC9C", 12 }, // windows-1252 DÉC
        { "ao\uDCFBt", 8 }, // windows-1252 août
        { "\uDCFEub", 2 }, // windows-1254 şub
        { "d\u00E9c", 12 }, // Latin-1, decoded
        { "\u00FF\u00ED\u00E2", 1 }, // windows-1251, decoded as Latin-1
    };

    private static List<ListingEntry> Read(IEnumerable<string> lines, bool isMlsd = false)
    {
        var reader = new ListingReader(Now, isMlsd);
        var entries = new List<ListingEntry>();
        foreach (string line in lines)
        {
            reader.AddLine(line);
            TakeEntries();
        }

        reader.Complete();
        TakeEntries();
        return entries;

        void TakeEntries()
        {
            while (reader.TryDequeue(out ListingEntry? entry))
            {
                entries.Add(entry);
            }
        }
    }

    private static string Time(ListingEntry entry) =>
        entry.LastModified?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_line_is_read_by_one_format_only(string line, string name, FtpEntryKind kind, long length, string modified)
    {
        Assert.Single(ListingDialectTests.Parsers, parser => parser.Value(line.TrimStart(' ')) is not null);
        ListingEntry entry = Assert.Single(Read([line]));
        Assert.Equal((name, kind, length, modified), (entry.Name, entry.Kind, entry.Length ?? -1, Time(entry)));
        Assert.Equal(DateTimeKind.Utc, (entry.LastModified ?? Now).Kind);
    }

    [Theory]
    [MemberData(nameof(Months))]
    public void Months_of_many_languages_are_read(string date, int month)
    {
        foreach (string last in (string[])["2024", "08:15"])
        {
            ListingEntry entry = Assert.Single(Read([$"-rw-r--r--   1 ann      staff        77 {date} {last} name"]));
            Assert.Equal(("name", month), (entry.Name, entry.LastModified!.Value.Month));
        }
    }

    [Theory]
    [MemberData(nameof(LegacyMonths))]
    public void Months_in_legacy_code_pages_are_read(string word, int month) =>
        Assert.Equal(month, Assert.Single(Read([$"-rw-r--r--   1 ann      staff        77 {word} 8 2024 name"])).LastModified!.Value.Month);

    [Fact]
    public void No_name_belongs_to_two_months() =>
        Assert.Empty(MonthNames.GetAll().GroupBy(pair => pair.Word, StringComparer.OrdinalIgnoreCase).Where(word =>
            word.Count() > 1).Select(word => word.Key));

    [Theory]
    [InlineData("celkem 12")]
    [InlineData("összesen 12")]
    [InlineData("total: 12")]
    [InlineData(" Volume in drive C is DATA")]
    [InlineData(" Volume Serial Number is 1A2B-3C4D")]
    [InlineData(" Directory of C:\\inetpub")]
    [InlineData("               2 File(s)      1,234 bytes")]
    [InlineData("               3 Dir(s)  9,876,543 bytes free")]
    [InlineData("  size          date       time       name")]
    [InlineData("--------       ------     ------    --------")]
    [InlineData("File         Code             EOF  Last Modification    Owner  RWEP")]
    [InlineData(" Owner    Last modified  Attributes Sector Bytecount Name")]
    public void Headings_and_totals_have_no_entry(string line) =>
        Assert.Equal("a.txt", Assert.Single(Read([line, "-rw-r--r-- 1 ann staff 77 Nov 28 2024 a.txt"])).Name);

    [Fact]
    public void A_total_in_a_legacy_code_page_has_no_entry() =>
        Assert.Empty(Read(["\uDCE8\uDCF2\uDCEE\uDCE3\uDCEE 12"])); // windows-1251 итого

    [Theory]
    [InlineData("ls: x: Permission denied")]
    [InlineData("ls: cannot access 'x': No such file or directory")]
    [InlineData("-rw-r--r-- 1 ann staff 77 Nov 31 2024 odd day")]
    [InlineData("xrw-r--r-- 1 ann staff 77 Nov 28 2024 odd kind")]
    [InlineData("<b>moved</b>")]
    [InlineData("word")]
    public void A_line_in_an_unknown_format_is_unknown_and_the_others_are_listed(string line)
    {
        foreach (bool isMlsd in (bool[])[false, true])
        {
            string first = isMlsd ? "type=file; a" : "-rw-r--r-- 1 ann staff 77 Nov 28 2024 a", last = first[..^1] + "b";
            List<ListingEntry> entries = Read([first, line, last], isMlsd);
            Assert.Equal([("a", null), ("", line), ("b", null)], entries.Select(entry => (entry.Name, entry.RawLine)));
            Assert.Equal([FtpEntryKind.File, FtpEntryKind.Unknown, FtpEntryKind.File], entries.Select(entry => entry.Kind));
            Assert.Equal(["a", "", "b"], Read([line, first, last], isMlsd).Select(entry =>
                entry.Name).Order(Comparer<string>.Create((x, y) => x.Length == 0
                ? (y == "a" ? 1 : -1)
                : y.Length == 0
                ? (x == "a" ? -1 : 1)
                : string.CompareOrdinal(x, y))));
        }
    }

    [Theory]
    [InlineData("<!DOCTYPE html>", "<html><body>Not here</body></html>")]
    [InlineData("ls: .: Permission denied")]
    [InlineData("one", "two words that end the names", "three")]
    public void A_listing_without_a_known_format_is_rejected(params string[] lines) => Assert.Equal(
        lines.First(line => line != "one" || lines.Length == 1), Assert.Throws<ListingFormatException>(() => Read(lines)).RawLine);

    [Fact]
    public void A_heading_or_the_directory_itself_makes_it_a_listing()
    {
        foreach (string known in (string[])["total 0", "drwxr-xr-x 2 ann staff 4096 Nov 28 2024 ."])
        {
            Assert.Equal("ls: x: Permission denied", Assert.Single(Read([known, "ls: x: Permission denied"])).RawLine);
        }
    }

    [Fact]
    public void A_listing_of_names_has_files() => Assert.Equal(
        [("MEMBER1", FtpEntryKind.File, FtpEntrySource.Names), ("b-c.txt", FtpEntryKind.File, FtpEntrySource.Names)],
            Read(["MEMBER1", "", "b-c.txt"]).Select(entry => (entry.Name, entry.Kind, entry.Source)));

    [Fact]
    public void Members_without_statistics_are_listed_among_others() => Assert.Equal(
        ["FIRST", "PAYROLL", "LAST"],
            Read(["FIRST", "PAYROLL   01.07 2024/01/09 2024/11/28 08:15   310   298     0 ANN", "LAST"]).Select(entry => entry.Name));

    [Fact]
    public void Lines_of_LIST_are_read_in_the_reply_to_MLSD() => Assert.Equal(
        ["a", "b"], Read(["total 1", "-rw-r--r-- 1 ann staff 77 Nov 28 2024 a", "11-28-24  08:15AM 4711 b"], isMlsd: true).Select(entry =>
            entry.Name));

    [Fact]
    public void Any_name_is_read_unchanged_in_formats_that_end_with_it() => Prop.ForAll<NonEmptyString>(any =>
    {
        string name = any.Get.ReplaceLineEndings("").Trim(' ', '\t');
        if (name is "" or "." or ".." || name[^1] is '/' or '\\' || name.EndsWith("<DIR>", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        foreach (string before in (string[])
            [
                "-rw-r--r-- 1 o g 77 24-04-2024 17:12 ", "-rw-r--r-- 1 o g 77 3 29 03:26 ", "-rw-r--r-- 1 o g 77 2024.11.28   ",
                    "-rw-r--r-- longowner longgroup77 Nov 28 2024 ",
                "-rw-r--r-- 1 o g 77 9\uDC8C\uDC8E 28\uDC93\uDCFA 08:15 ", "4711  Nov 28, 2024 08:15 ", "4711 A 11-28-124  08:15  ",
                    "4711 Nov-28-2024 08:15:59 ",
                "-CR-M-----FTP A ANNS01 1200 40960 Nov 28 2024 ", "7.12 24/11/28 0815 --e-rewr 1A40 4711 ", "type=file; ",
            ])
        {
            // A word after a date that looks like a time is a time.
            if (!before.Contains("2024.11.28", StringComparison.Ordinal) || !name.Contains(':'))
            {
                Assert.Equal(name, Assert.Single(Read([before + name])).Name);
            }
        }
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("8\u00e93")]
    [InlineData("8\u007f3")]
    [InlineData("8 3")]
    [InlineData("8\u00e93 a")]
    [InlineData("8 3 a")]
    [InlineData("2024202428")]
    public void A_name_like_a_part_of_a_date_is_read_after_a_group_without_a_space_before_the_size(string name)
    {
        ListingEntry entry = Assert.Single(Read(["-rw-r--r-- longowner longgroup77 Nov 28 2024 " + name]));
        Assert.Equal((name, 77L, new DateTime(2024, 11, 28, 0, 0, 0, DateTimeKind.Utc)),
            (entry.Name, entry.Length!.Value, entry.LastModified!.Value));
    }

    [Fact]
    public void A_date_does_not_include_the_name() => Assert.Equal(
        "8 3", Assert.Single(Read(["-rw-r--r-- 1 owner two word group77 Nov 28 2024 8 3"])).Name);

    [Fact]
    public void Any_date_is_read() => Prop.ForAll<ushort, ushort>((days, minutes) =>
    {
        DateTime at = new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(days % 20_000).AddMinutes(minutes % 1440);
        foreach (string format in (string[])
            [
                "'-rw-r--r-- 1 o g 77 'dd-MMM-yyyy HH:mm' n'", "'-rw-r--r-- 1 o g 77 'yyyy年M月d日 HH:mm' n'",
                    "'-rw-r--r-- 1 o g 77 'MMM dd, yyyy HH:mm' n'", "'77  'MMM dd, yyyy HH:mm' n'",
                "'77 'MMM-dd-yyyy HH:mm':00 n'", "'77 A 'MM-dd-yyyy HH:mm' n'", "'1.1 'yy/MM/dd HHmm' --e-rewr 0 77 n'",
                    "'n 77 'MM/dd/yyyy' Day. 'HH:mm':00'",
                "'n 1 77 'd-MMM-yy HH:mm':00 1,1 \"oooo\"'", "'n X F 7 11 1 'yyyy-MM-dd HH:mm':00 o'",
            ])
        {
            ListingEntry entry = Assert.Single(Read([at.ToString(format, CultureInfo.InvariantCulture)]));
            Assert.Equal((at, 77L), (entry.LastModified!.Value, entry.Length!.Value));
        }
    }).QuickCheckThrowOnFailure();
}
