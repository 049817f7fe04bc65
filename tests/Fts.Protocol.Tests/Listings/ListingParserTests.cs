using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Fts.Protocol.Listings;

namespace Fts.Protocol.Tests.Listings;

public sealed class ListingParserTests
{
    private static readonly DateTime Now = new(2026, 3, 10, 12, 0, 0, DateTimeKind.Utc);

    private static ListingEntry Entry(string line, DateTime? now = null) =>
        ListingParser.ParseLine(line, now ?? Now) ?? throw new InvalidOperationException("names nothing");

    [Theory]
    [InlineData("-rw-r--r--   1 owner group         1234 Jan 31 12:59 a.txt", "a.txt", FtpEntryKind.File, 1234, "2026-01-31 12:59")]
    [InlineData("-rw-r--r--   1 owner group         1234 Jan  1  2020 a.txt", "a.txt", FtpEntryKind.File, 1234, "2020-01-01 00:00")]
    [InlineData("-rw-r--r--   1 owner         1234 Jan  1  2020 no group", "no group", FtpEntryKind.File, 1234, "2020-01-01 00:00")]
    [InlineData("-rw-r--r--   1 1000     1000        5000000000 Mar 10 2025 big", "big", FtpEntryKind.File, 5000000000, "2025-03-10 00:00")]
    [InlineData("-rw-r--r--   1 Domain Users Admins of all 12 Mar 10 2025 x", "x", FtpEntryKind.File, 12, "2025-03-10 00:00")]
    [InlineData("-rw-r--r--+  1 o g 12 Mar 10 2025 acl", "acl", FtpEntryKind.File, 12, "2025-03-10 00:00")]
    [InlineData("-rw-r--r--.  1 o g 12 Mar 10 2025 label", "label", FtpEntryKind.File, 12, "2025-03-10 00:00")]
    [InlineData("-rw-r--r--@  1 o g 12 Mar 10 2025 xattr", "xattr", FtpEntryKind.File, 12, "2025-03-10 00:00")]
    [InlineData("-rw-r--r--   1 o g 12 10 Mar 2025 day first", "day first", FtpEntryKind.File, 12, "2025-03-10 00:00")]
    [InlineData("-rw-r--r--   1 o g 12 10. Mar 11:00 day first", "day first", FtpEntryKind.File, 12, "2026-03-10 11:00")]
    [InlineData("-rw-r--r--   1 o g 12 2025-12-31 23:59 iso", "iso", FtpEntryKind.File, 12, "2025-12-31 23:59")]
    [InlineData("-rw-r--r--   1 o g 12 2025-12-31 23:59 +0100 is part of this name", "+0100 is part of this name", FtpEntryKind.File, 12,
        "2025-12-31 23:59")]
    [InlineData("-rw-r--r--   1 o g 12 2025-12-31 23:59:07.000000000 +0100 full", "full", FtpEntryKind.File, 12, "2025-12-31 22:59")]
    [InlineData("-rw-r--r--   1 o g 12 Jan  1  2020  leading space", " leading space", FtpEntryKind.File, 12, "2020-01-01 00:00")]
    [InlineData("-rw-r--r--   1 o g 12 Jan  1  2020 12 Feb  2  2021 x", "12 Feb  2  2021 x", FtpEntryKind.File, 12, "2020-01-01 00:00")]
    [InlineData("-rw-r--r-- 1 o g 12 Jan  1  2020 a -> b", "a -> b", FtpEntryKind.File, 12, "2020-01-01 00:00")]
    [InlineData("drwxr-sr-t   2 o g 4096 Jan  1  2020 sub", "sub", FtpEntryKind.Directory, -1, "2020-01-01 00:00")]
    [InlineData("crw-rw-rw-   1 root root   1,   3 Jan  1  2020 null", "null", FtpEntryKind.Other, -1, "2020-01-01 00:00")]
    [InlineData("brw-rw----   1 root disk 8,1 Jan  1  2020 sda1", "sda1", FtpEntryKind.Other, -1, "2020-01-01 00:00")]
    [InlineData("prw-r--r--   1 o g 0 Jan  1  2020 fifo", "fifo", FtpEntryKind.Other, -1, "2020-01-01 00:00")]
    [InlineData("01-31-26  12:59PM                 1234 a b.txt", "a b.txt", FtpEntryKind.File, 1234, "2026-01-31 12:59")]
    [InlineData("01-31-26  12:05AM                 1234 a", "a", FtpEntryKind.File, 1234, "2026-01-31 00:05")]
    [InlineData("01-31-98  01:05 PM                 1234 a", "a", FtpEntryKind.File, 1234, "1998-01-31 13:05")]
    [InlineData("01-31-2026  23:59               5,000,000,000 a", "a", FtpEntryKind.File, 5000000000, "2026-01-31 23:59")]
    [InlineData("01/31/2026  11:59 PM    <DIR>          sub folder", "sub folder", FtpEntryKind.Directory, -1, "2026-01-31 23:59")]
    [InlineData("01-31-26  12:59PM       <DIR>           leading", " leading", FtpEntryKind.Directory, -1, "2026-01-31 12:59")]
    [InlineData("01-31-26  12:59PM       <DIR> tight", "tight", FtpEntryKind.Directory, -1, "2026-01-31 12:59")]
    [InlineData("01-31-26  12:59PM    <JUNCTION>     docs [C:\\docs]", "docs", FtpEntryKind.Directory, -1, "2026-01-31 12:59")]
    public void Lines_are_parsed(string line, string name, FtpEntryKind kind, long length, string modified)
    {
        ListingEntry entry = Entry(line);
        Assert.Equal((name, kind, length), (entry.Name, entry.Kind, entry.Length ?? -1));
        Assert.Equal(modified, entry.LastModified!.Value.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        Assert.Equal(DateTimeKind.Utc, entry.LastModified.Value.Kind);
    }

    [Theory]
    [InlineData("lrwxrwxrwx 1 o g 3 Jan  1  2020 a -> b", "a", "b")]
    [InlineData("lrwxrwxrwx 1 o g 6 Jan  1  2020 x -> y -> target", "x -> y", "target")]
    [InlineData("lrwxrwxrwx 1 o g 8 Jan  1  2020 x -> ab -> cd", "x", "ab -> cd")]
    [InlineData("lrwxrwxrwx 1 o g 8 Jan  1  2020 bare", "bare", null)]
    public void The_arrow_of_a_link_is_the_one_that_matches_its_length(string line, string name, string? target)
    {
        ListingEntry entry = Entry(line);
        Assert.Equal((name, target, FtpEntryKind.Link, null), (entry.Name, entry.LinkTarget, entry.Kind, entry.Length));
    }

    [Theory]
    [InlineData("Mar 10 13:00", "2026-03-10", "2026-03-10")]
    [InlineData("Mar 11 11:00", "2026-03-10", "2026-03-11")]
    [InlineData("Mar 12 11:00", "2026-03-10", "2025-03-12")]
    [InlineData("Dec 31 23:00", "2026-01-01", "2025-12-31")]
    [InlineData("Jan  1 01:00", "2025-12-31", "2026-01-01")]
    [InlineData("Feb 29 12:00", "2026-03-10", "2024-02-29")]
    public void A_missing_year_is_the_latest_that_is_not_in_the_future(string date, string today, string expected)
    {
        DateTime now = DateTime.Parse(today, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal).AddHours(12);
        Assert.Equal(expected,
            Entry($"-rw-r--r-- 1 o g 1 {date} a", now).LastModified!.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Modes_are_read_with_their_special_bits()
    {
        Assert.Equal(Convert.ToInt32("0644", 8), (int)Entry("-rw-r--r-- 1 o g 1 Jan  1  2020 a").UnixMode!.Value);
        Assert.Equal(Convert.ToInt32("7777", 8), (int)Entry("-rwsrwsrwt 1 o g 1 Jan  1  2020 a").UnixMode!.Value);
        Assert.Equal(Convert.ToInt32("7000", 8), (int)Entry("---S--S--T 1 o g 1 Jan  1  2020 a").UnixMode!.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("total 12")]
    [InlineData("total 4.0K")]
    [InlineData("Total 0")]
    [InlineData("total")]
    [InlineData("drwxr-xr-x 2 o g 4096 Jan  1  2020 .")]
    [InlineData("drwxr-xr-x 2 o g 4096 Jan  1  2020 ..")]
    public void Lines_without_an_entry_are_skipped(string line) => Assert.Null(ListingParser.ParseLine(line, Now));

    [Theory]
    [InlineData("ls: cannot access 'x': No such file or directory")]
    [InlineData("total chaos")]
    [InlineData("-rw-r--r-- 1 o g 12 Jan  1  2020 ")]
    [InlineData("-rw-r--r-- 1 o g 12 Jan  1  2020")]
    [InlineData("-rw-r--r-- 1 o g 12 Jan 32  2020 x")]
    [InlineData("-rw-r--r-- 1 o g 12 Feb 30  2020 x")]
    [InlineData("-rw-r--r-- 1 o g 12 Jan  1 25:00 x")]
    [InlineData("-rw-r--r-- 1 o 500 1767225599 Feb 30 2020 x")]
    [InlineData("-rw-r--r-- 1 o g size Jan  1  2020 x")]
    [InlineData("-rw-r--r--x 1 o g 1 Jan  1  2020 x")]
    [InlineData("xrw-r--r-- 1 o g 1 Jan  1  2020 x")]
    [InlineData("13-31-26  12:59PM 1234 a")]
    [InlineData("01-31-26  13:59PM 1234 a")]
    [InlineData("01-31-26  12:59PM <WHAT>  a")]
    [InlineData("01-31-26  12:59PM <DIR>")]
    [InlineData("01-31-26  12:59PM 1234")]
    [InlineData("01-31-26  12:59PM 1234 ")]
    public void A_line_in_an_unknown_format_throws_with_the_line(string line) =>
        Assert.Equal(line, Assert.Throws<ListingFormatException>(() => ListingParser.ParseLine(line, Now)).RawLine);

    [Fact]
    public void Any_file_name_is_read_unchanged() => Prop.ForAll<NonEmptyString>(name =>
    {
        // A name of spaces and the directory itself have no entry.
        if (name.Get is not ("." or ".."))
        {
            Assert.Equal(name.Get, Entry($"-rw-r--r-- 1 o g 1 Jan  1  2020 {name.Get}").Name);
            Assert.Equal(name.Get, Entry($"01-31-26  12:59PM 1 {name.Get}").Name);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_mutated_line_is_an_entry_skipped_or_rejected()
    {
        string[] seeds = ["-rw-r--r-- 1 o g 12 2025-12-31 23:59:07.5 +0100 full", "lrwxrwxrwx 1 o g 3 Jan  1 12:00 a -> b",
            "01-31-26  12:59 PM <JUNCTION> a [b]", "total 12"];
        Prop.ForAll<int, int, char>((seed, at, c) =>
        {
            string line = seeds[(uint)seed % seeds.Length];
            int place = (int)((uint)at % line.Length);
            foreach (string mutant in (string[])[line.Remove(place, 1), line.Insert(place, $"{c}"), line[..place], line[place..],
                $"{line[..place]}{c}{line[(place + 1)..]}"])
            {
                foreach (DateTime now in (DateTime[])[Now, DateTime.MinValue, DateTime.MaxValue])
                {
                    try
                    {
                        ListingParser.ParseLine(mutant, now);
                    }
                    catch (ListingFormatException)
                    {
                    }
                }
            }
        }).QuickCheckThrowOnFailure();
    }
}
