using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Fts.Protocol.Listings;
using Fts.Protocol.Listings.Dialects;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Tests.Listings;

/// <summary>
/// Listings in formats other than those of ls and dir, line by line and with the state that <see cref="ListingReader"/> keeps between
/// lines.
/// </summary>
public sealed class ListingDialectTests
{
    private static readonly DateTime Now = new(2026, 3, 10, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>All formats that can be recognised from a single line, by the name of their parser.</summary>
    internal static readonly Dictionary<string, Func<string, ListingEntry?>> Parsers = new()
    {
        ["Unix"] = line => UnixListing.TryParse(line, Now, out ListingEntry? entry) ? entry : null,
        ["Dos"] = line => DosListing.TryParse(line, out ListingEntry? entry) ? entry : null,
        ["NetWare"] = line => NetWareListing.TryParse(line, Now, out ListingEntry? entry) ? entry : null,
        ["Eplf"] = line => EplfListing.TryParse(line, out ListingEntry? entry) ? entry : null,
        ["Os400"] = line => Os400Listing.TryParse(line, Now, out ListingEntry? entry) ? entry : null,
        ["Vms"] = line => VmsListing.TryParse(line, out ListingEntry? entry) ? entry : null,
        ["Numeric"] = line => UnixNumericListing.TryParse(line, out ListingEntry? entry) ? entry : null,
        ["ConnectEnterprise"] = line => ConnectEnterpriseListing.TryParse(line, Now, out ListingEntry? entry) ? entry : null,
        ["SizeFirst"] = line => SizeFirstListing.TryParse(line, out ListingEntry? entry) ? entry : null,
        ["NameFirst"] = line => NameFirstListing.TryParse(line, out ListingEntry? entry) ? entry : null,
        ["Os9"] = line => Os9Listing.TryParse(line, out ListingEntry? entry) ? entry : null,
        ["Mvs"] = line => MvsListing.TryParseWithoutHeading(line, out ListingEntry? entry) ? entry : null,
        ["MvsMember"] = line => MvsMemberListing.TryParseWithoutHeading(line, out ListingEntry? entry) ? entry : null,
        ["Jes"] = line => JesListing.TryParseWithoutHeading(line, out ListingEntry? entry) ? entry : null,
        ["Mlsx"] = line => MlsxListing.StartsWithFact(line) && MlsxListing.TryParse(line, out ListingEntry? entry, out _) ? entry : null,
    };

    /// <summary>Format, line, name, kind, length or -1, time or an empty string.</summary>
    public static TheoryData<string, string, string, FtpEntryKind, long, string> Samples => new()
    {
        { "Eplf", "+i2053.71,m1767225599,/,\tpub", "pub", FtpEntryKind.Directory, -1, "2025-12-31 23:59:59" },
        { "Eplf", "+i2053.72,m1767225599,r,s9041,\tread me.txt", "read me.txt", FtpEntryKind.File, 9041, "2025-12-31 23:59:59" },
        { "Eplf", "+s7,r,up644,m-1,\t a\tb", " a\tb", FtpEntryKind.File, 7, "1969-12-31 23:59:59" },
        { "Eplf", "+/,r,m99999999999999,\tbeyond any calendar", "beyond any calendar", FtpEntryKind.Directory, -1, "" },
        { "Eplf", "+\tneither fetched nor entered", "neither fetched nor entered", FtpEntryKind.Other, -1, "" },
        { "Vms", "NOTES.TXT;3              5/8       2-JUL-2025 10:30:08  [STAFF,ANN]         (RWED,RWED,RE,)", "NOTES.TXT;3",
            FtpEntryKind.File, 2560, "2025-07-02 10:30:08" },
        { "Vms", "NOTES.TXT;3  221  29-JUL-2025 19:03 [ANN] (RWED,RE,RE,RE)", "NOTES.TXT;3", FtpEntryKind.File, 113152,
            "2025-07-29 19:03:00" },
        { "Vms", "NOTES.TXT;12  7   2-JUL-2025 10:30:08.59", "NOTES.TXT;12", FtpEntryKind.File, 3584, "2025-07-02 10:30:08" },
        { "Vms", "PUB.DIR;1  1/8  7-JAN-2025  [1,ANN]  (RWE,RWE,RE,RE)", "PUB", FtpEntryKind.Directory, -1, "2025-01-07 00:00:00" },
        { "Vms", "old.log;1  7-JAN-2025 17:25:37  6/13  ANN  (RWED,RWED,R,)", "old.log;1", FtpEntryKind.File, 3072, "2025-01-07 17:25:37" },
        { "Vms", "list.;1\t0/0\t7-DEZ-2025 9:05\t[STAFF, ANN]", "list.;1", FtpEntryKind.File, 0, "2025-12-07 09:05:00" },
        { "Vms", "HIDDEN.DIR;1  %RMS-E-PRV, insufficient privilege or file protection violation", "HIDDEN", FtpEntryKind.Directory, -1,
            "" },
        { "Vms", "HIDDEN.DAT;1  insufficient privilege or object protection violation", "HIDDEN.DAT;1", FtpEntryKind.File, -1, "" },
        { "Os400", "ANN             36864 12/31/25 12:00:05 *DIR       projects/", "projects", FtpEntryKind.Directory, -1,
            "2025-12-31 12:00:05" },
        { "Os400", "ANN            102400 31.12.25 12:00:05 *STMF      report of may.csv", "report of may.csv", FtpEntryKind.File, 102400,
            "2025-12-31 12:00:05" },
        { "Os400", "ANN            102400 25/12/31 12:00:05 *STMF       leading", " leading", FtpEntryKind.File, 102400,
            "2025-12-31 12:00:05" },
        { "Os400", "ANN            102400 02/03/04 12:00:05 *STMF      three orders", "three orders", FtpEntryKind.File, 102400,
            "2004-02-03 12:00:05" },
        { "Os400", "ANN            102400 11/12/27 12:00:05 *STMF      one past", "one past", FtpEntryKind.File, 102400,
            "2011-12-27 12:00:05" },
        { "Os400", "ANN            102400 12/11/27 12:00:05 *STMF      wrong clock", "wrong clock", FtpEntryKind.File, 102400,
            "2012-11-27 12:00:05" },
        { "Os400", "ANN            102400 31.12.30 12:00:05 *STMF      ahead", "ahead", FtpEntryKind.File, 102400, "" },
        { "Os400", "QSYS            77824 02/23/00 15:09:55 *FILE      MYLIB.LIB/SOURCE.FILE", "MYLIB.LIB/SOURCE.FILE", FtpEntryKind.File,
            -1, "2000-02-23 15:09:55" },
        { "Os400", "QSYS            77824 02/23/00 15:09:55 *FILE      SOURCE.FILE/", "SOURCE.FILE", FtpEntryKind.Directory, -1,
            "2000-02-23 15:09:55" },
        { "Os400", "QPGMR        16347136 02/23/00 15:09:55 *FILE      BACKUP.SAVF", "BACKUP.SAVF", FtpEntryKind.File, -1,
            "2000-02-23 15:09:55" },
        { "Os400", "ANN                                     *MEM       SOURCE.FIRST", "SOURCE.FIRST", FtpEntryKind.File, -1, "" },
        { "Os400", "                                        *MEM       MYLIB.LIB/SOURCE.FILE/FIRST.MBR", "MYLIB.LIB/SOURCE.FILE/FIRST.MBR",
            FtpEntryKind.File, -1, "" },
        { "Os400", "QSYS 4096 02/23/00 15:09:55 *DIR tight/", "tight", FtpEntryKind.Directory, -1, "2000-02-23 15:09:55" },
        { "Os400", "QSYS 4096 02/23/00 15:09:55 *PGM MENU.PGM", "MENU.PGM", FtpEntryKind.Other, -1, "2000-02-23 15:09:55" },
        { "NetWare", "d [R----F--] admin                  512       Jan 16 18:53    login", "login", FtpEntryKind.Directory, -1,
            "2026-01-16 18:53:00" },
        { "NetWare", "- [RWCEAFMS] ann of sales        214059       Oct 20  2025    my file.exe", "my file.exe", FtpEntryKind.File, 214059,
            "2025-10-20 00:00:00" },
        { "NetWare", "-[RWCEMFA] 1 ann 7 2025-12-31 23:59 tight", "tight", FtpEntryKind.File, 7, "2025-12-31 23:59:00" },
        { "Numeric", "0100644   500  101   12345    1767225599       a file", "a file", FtpEntryKind.File, 12345, "2025-12-31 23:59:59" },
        { "Numeric", "040755 0 0 4096 -1 sub", "sub", FtpEntryKind.Directory, -1, "1969-12-31 23:59:59" },
        { "Unix", "-rw-r--r-- 1 o g 12 1767225599 epoch", "epoch", FtpEntryKind.File, 12, "2025-12-31 23:59:59" },
        { "Unix", "-rw-r--r-- 1 1000 1000 1767225599 Jan  1  2020 big", "big", FtpEntryKind.File, 1767225599, "2020-01-01 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 20 Dec 2005 day first", "day first", FtpEntryKind.File, 12, "2005-12-20 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 Dec 20 1905 old", "old", FtpEntryKind.File, 12, "1905-12-20 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 31. Dez 2005 deutsch", "deutsch", FtpEntryKind.File, 12, "2005-12-31 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 3 M\u00c4R 11:00 deutsch", "deutsch", FtpEntryKind.File, 12, "2026-03-03 11:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 15 f\u00e9vr. 2005 fran\u00e7ais", "fran\u00e7ais", FtpEntryKind.File, 12, "2005-02-15 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 15 ago 2005 espa\u00f1ol", "espa\u00f1ol", FtpEntryKind.File, 12, "2005-08-15 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 12\u6708 31  2005 \u540d", "\u540d", FtpEntryKind.File, 12, "2005-12-31 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 2005-12-31  old iso", "old iso", FtpEntryKind.File, 12, "2005-12-31 00:00:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 2005/12/31 23:59 slashes", "slashes", FtpEntryKind.File, 12, "2005-12-31 23:59:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 12-31 23:59 young iso", "young iso", FtpEntryKind.File, 12, "2025-12-31 23:59:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 Dec 31 23:59:07 2005 with all", "with all", FtpEntryKind.File, 12, "2005-12-31 23:59:07" },
        { "Unix", "-rw-r--r-- 1 o g 12 Jan 31 23:59 2005 is a name", "2005 is a name", FtpEntryKind.File, 12, "2026-01-31 23:59:00" },
        { "Unix", "-rw-r--r-- 1 o g 12 1767225599 may", "may", FtpEntryKind.File, 12, "2025-12-31 23:59:59" },
        { "Unix", "-rw-r--r-- 1 o g 12 1767225599 May 5 notes", "May 5 notes", FtpEntryKind.File, 12, "2025-12-31 23:59:59" },
        { "Unix", "-rw-r--r-- 1 o g 4.0K Dec 31 2005 rounded", "rounded", FtpEntryKind.File, -1, "2005-12-31 00:00:00" },
        { "Unix", "-rwxrwxrwx   1 noone    nogroup      322 Aug 19  2005 message.ftp", "message.ftp", FtpEntryKind.File, 322,
            "2005-08-19 00:00:00" },
        { "Unix", "-------r--         326  1391972  1392298 Nov 22  2005 of a Mac.sit", "of a Mac.sit", FtpEntryKind.File, 1392298,
            "2005-11-22 00:00:00" },
        { "Unix", "drwxrwxr-x               folder        2 May 10  2005 network", "network", FtpEntryKind.Directory, -1,
            "2005-05-10 00:00:00" },
        { "Dos", "2025-12-31  18:48       <DIR>          iso", "iso", FtpEntryKind.Directory, -1, "2025-12-31 18:48:00" },
        { "Dos", "2025-12-31  18:48                9,730 iso", "iso", FtpEntryKind.File, 9730, "2025-12-31 18:48:00" },
        { "Dos", "31.12.2025  18:48                9730 dots", "dots", FtpEntryKind.File, 9730, "2025-12-31 18:48:00" },
    };

    private static readonly string[] Headings =
    [
        "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
        " Name     VV.MM   Created       Changed      Size  Init   Mod   Id",
        " Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmod",
        "JOBNAME  JOBID    OWNER    STATUS CLASS",
    ];

    private static List<ListingEntry> Read(params IEnumerable<string> lines)
    {
        var reader = new ListingReader(Now);
        var entries = new List<ListingEntry>();
        foreach (string line in lines)
        {
            reader.AddLine(line);
            DequeueAll(reader, entries);
        }

        reader.Complete();
        DequeueAll(reader, entries);
        return entries;
    }

    private static void DequeueAll(ListingReader reader, List<ListingEntry> entries)
    {
        while (reader.TryDequeue(out ListingEntry? entry))
        {
            entries.Add(entry);
        }
    }

    private static string Time(ListingEntry entry) =>
        entry.LastModified?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_line_is_parsed_by_its_own_format_only(string format, string line, string name, FtpEntryKind kind, long length,
        string modified)
    {
        Assert.Equal([format], Parsers.Where(parser => parser.Value(line) is not null).Select(parser => parser.Key));
        ListingEntry entry = Parsers[format](line)!;
        Assert.Equal((name, kind, length, modified), (entry.Name, entry.Kind, entry.Length ?? -1, Time(entry)));
        Assert.Equal(DateTimeKind.Utc, (entry.LastModified ?? Now).Kind);
        Assert.Equal(entry, Assert.Single(Read(line)));
    }

    [Fact]
    public void Any_name_is_read_unchanged_in_formats_that_allow_it() => Prop.ForAll<NonEmptyString>(any =>
    {
        string name = any.Get.ReplaceLineEndings("");
        // The directory itself and its parent are skipped.
        if (name is not ("" or "." or ".."))
        {
            Assert.Equal(name, Read($"+r,s1,\t{name}").Single().Name);
            // Spaces after a column that is filled with spaces are not a name.
            Assert.True(name.AsSpan().Trim(' ').IsEmpty ||
                name == Read($"ANN                 1 12/31/25 12:00:05 *STMF      {name}").Single().Name);
            Assert.Equal(name, Read($"-rw-r--r-- 1 o g 12 12-31 23:59 {name}").Single().Name);
            Assert.Equal(name, Read($"-rw-r--r-- 1 o g 12 1767225599 {name}").Single().Name);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_EPLF_time_is_read() => Prop.ForAll<int>(seconds =>
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(seconds),
            Read($"+m{seconds.ToString(CultureInfo.InvariantCulture)},\ta").Single().LastModified)).QuickCheckThrowOnFailure();

    [Fact]
    public void All_EPLF_facts_are_read()
    {
        ListingEntry entry = Assert.Single(Read("+i2053.72,up4755,s1,r,unknown,\ta"));
        Assert.Equal(("2053.72", (UnixFileMode)0x9ED), (entry.UniqueId, entry.UnixMode));
    }

    [Fact]
    public void A_long_VMS_name_has_its_metadata_on_the_next_line() => Assert.Equal(
        [("A_NAME_THAT_FILLS_ITS_COLUMN.TEXT;12", 2560L), ("B.TXT;1", 512L)],
        Read("", "Directory DKA0:[ANN.PUB]", "", "A_NAME_THAT_FILLS_ITS_COLUMN.TEXT;12 ", "",
            "     5/8   2-JUL-2025 10:30:08  [STAFF,ANN]  (RWED,RE,,)", "B.TXT;1  1  2-JUL-2025", "", "Total of 2 files, 6/9 blocks.")
            .Select(entry => (entry.Name, entry.Length!.Value)));

    [Theory]
    [InlineData("Directory DKA0:[ANN]")]
    [InlineData("Directory [.PUB]")]
    [InlineData("ANON:[PUB]")]
    [InlineData("Total of 1 file, 2/3 blocks")]
    [InlineData("Total of 453 blocks in 29 files.")]
    [InlineData("Grand total of 2 directories, 12 files.")]
    [InlineData("%DIRECT-W-NOFILES, no files found")]
    [InlineData("insgesamt 12")]
    [InlineData("totale 0")]
    public void Headings_and_totals_have_no_entry(string line) => Assert.Empty(Read(line));

    [Fact]
    public void Datasets_are_read_below_their_heading_and_distinct_lines_without_it()
    {
        string[] lines =
        [
            "WRK001 3390   2026/01/31  1   15  FB      80 27920  PO  SOURCE.COBOL",
                "WRK002 3390   2026/01/31  1+++++  VBS  32767 27966  PS  'ANN.DATA.X'",
            "WRK002 3390   **NONE**    1   15  U     6144  6144  PO-E LIB.LOAD",
                "WRK003 3390                                        VSAM INDEX.D",
            "                                                   GDG  DAILY",
                "Migrated                                                OLD.DATA",
            "Pseudo Directory                                        LEVEL",
                "ARCIVE Not Direct Access Device                         OLDER.DATA",
                    "H19761 Tape                                             DAILY.G0034V00",
            "WRK004 Error determining attributes                     ODD",
        ];
        Assert.Equal(
            [("SOURCE.COBOL", FtpEntryKind.Directory), ("'ANN.DATA.X'", FtpEntryKind.File), ("LIB.LOAD", FtpEntryKind.Directory),
                ("INDEX.D", FtpEntryKind.Other), ("DAILY", FtpEntryKind.Other),
                ("OLD.DATA", FtpEntryKind.Other), ("LEVEL", FtpEntryKind.Directory), ("OLDER.DATA", FtpEntryKind.Other),
                    ("DAILY.G0034V00", FtpEntryKind.File), ("ODD", FtpEntryKind.Other)],
            Read([Headings[0], .. lines]).Select(entry => (entry.Name, entry.Kind)));
        Assert.Equal(
            ["SOURCE.COBOL", "'ANN.DATA.X'", "LIB.LOAD", "INDEX.D", "OLD.DATA", "LEVEL", "OLDER.DATA", "DAILY.G0034V00", "ODD"],
            lines.Where(line => !line.Contains("GDG", StringComparison.Ordinal)).Select(line => Assert.Single(Read(line)).Name));
        Assert.Throws<ListingFormatException>(() => Read(lines[4]));
    }

    [Fact]
    public void Members_are_read_below_their_headings_with_or_without_statistics()
    {
        List<ListingEntry> texts = Read(Headings[1], "SORT01    01.03 2026/01/31 2026/02/01 09:37    11    11     0 ANN", "SORT02",
            "#OLD      ");
        Assert.Equal([("SORT01", "2026-02-01 09:37:00"), ("SORT02", ""), ("#OLD", "")], texts.Select(entry => (entry.Name, Time(entry))));
        Assert.All(texts, entry => Assert.Equal((FtpEntryKind.File, null), (entry.Kind, entry.Length)));
        Assert.Equal(["MODULE1", "ALIAS1"],
            Read(Headings[2], "MODULE1   0020C8   000101          00 FO RN RU            31    ANY",
                "ALIAS1    0020C8   000101 MODULE1  00 FO").Select(entry => entry.Name));
    }

    [Fact]
    public void Jobs_are_read_below_their_heading_and_named_by_their_id() => Assert.Equal(
        ["JOB01234", "TSU00007"],
            Read(Headings[3], "ANNSORT  JOB01234 ANN      OUTPUT A        RC=0000 3 spool files",
                "ANN      TSU00007 ANN      ACTIVE TSU").Select(entry => entry.Name));

    [Theory]
    [InlineData(0, "ls: no such dataset")]
    [InlineData(0, "WRK001 3390 2026/01/31 1 15 FB 80 27920 ?? NAME")]
    [InlineData(0, "one two Tape NAME")]
    [InlineData(0, "NAME")]
    [InlineData(1, "TOOLONGNAME")]
    [InlineData(1, "SORT01 01.03 2026/01/31 2026/02/30 09:37 11 11 0 ANN")]
    [InlineData(1, "no members found")]
    [InlineData(2, "MODULE1 size place")]
    [InlineData(3, "ANNSORT JOB01234 ANN LOST A")]
    [InlineData(3, "No jobs found")]
    [InlineData(1, "-rw-r--r-- 1 o g 12 Jan 1 2020 a")]
    public void A_line_that_does_not_match_the_heading_is_unknown_and_keeps_its_text(int heading, string line)
    {
        ListingEntry entry = Assert.Single(Read(Headings[heading], line));
        Assert.Equal((FtpEntryKind.Unknown, "", line), (entry.Kind, entry.Name, entry.RawLine));
    }

    [Theory]
    [InlineData("A.TXT;1", "B.DAT;12")]
    [InlineData("A.TXT;1", "B.DAT;12 ", "")]
    public void VMS_names_without_metadata_are_files(params string[] lines) =>
        Assert.Equal([("A.TXT;1", FtpEntryKind.File, FtpEntrySource.Vms), ("B.DAT;12", FtpEntryKind.File, FtpEntrySource.Vms)],
            Read(lines).Select(entry => (entry.Name, entry.Kind, entry.Source)));

    [Fact]
    public void A_VMS_name_without_metadata_does_not_use_that_of_the_next_name() =>
        Assert.Equal([("LONG_NAME.TXT;1", -1L), ("SECOND.TXT;1", 512L)],
            Read("LONG_NAME.TXT;1", "SECOND.TXT;1  1  2-JUL-2025").Select(entry => (entry.Name, entry.Length ?? -1)));

    [Theory]
    [InlineData("+r,s1,no tab")]
    [InlineData("+r,s1,\t")]
    [InlineData("r,s1,\tno plus")]
    [InlineData("A.TXT  1  2-JUL-2025")]
    [InlineData("A.TXT;1  1  31-JUN-2025")]
    [InlineData("A.TXT;1  1  2-XYZ-2025")]
    [InlineData("A.TXT;1  1  2-JUL-2025 [ANN")]
    [InlineData("A.TXT;1  1  2-JUL-2025 10:30 11:30")]
    [InlineData("A.TXT;1  1  [ANN]")]
    [InlineData("Directory of nothing")]
    [InlineData("Total of nothing")]
    [InlineData("see [this]")]
    [InlineData("ANN 12 13/32/25 12:00:05 *STMF a")]
    [InlineData("ANN 12 12/31/25 25:00:05 *STMF a")]
    [InlineData("ANN 12 12/31/25 12:00:05 STMF a")]
    [InlineData("ANN 12 12/31/25 12:00:05 *STMF ")]
    [InlineData("ANN x 12/31/25 12:00:05 *STMF a")]
    [InlineData("ANN 12 12/31/25 12:00:05 *DIR /")]
    [InlineData("ANN *DIR a")]
    [InlineData("drwxrwxrwx *MEM a")]
    [InlineData("d [R-X--F--] admin 512 Jan 16 18:53 login")]
    [InlineData("d [R-] admin 512 Jan 16 18:53 login")]
    [InlineData("d [R----F--] admin 512 Jan 16 18:53 ")]
    [InlineData("0100648 500 101 12345 1767225599 a")]
    [InlineData("0100644 500 101 12345 1767225599 ")]
    [InlineData("-rw-r--r-- 1 o g 12 17672255 too short for an epoch")]
    [InlineData("-rw-r--r-- 1 1000 1000 1767225599 Jan 32 2020 a")]
    [InlineData("-rw-r--r-- 1 o g 12 2005-13-31 23:59 a")]
    [InlineData("-rw-r--r-- 1 o g 12 2005-12-31 25:59 a")]
    [InlineData("32.12.2025  18:48                9730 a")]
    public void A_line_that_only_resembles_a_format_throws_with_the_line(string line) =>
        Assert.Equal(line, Assert.Throws<ListingFormatException>(() => Read(line)).RawLine);
}
