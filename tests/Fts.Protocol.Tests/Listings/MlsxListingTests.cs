using FsCheck;
using FsCheck.Fluent;
using Fts.Protocol.Listings;

namespace Fts.Protocol.Tests.Listings;

public sealed class MlsxListingTests
{
    private static ListingEntry Entry(string line)
    {
        Assert.True(MlsxListing.TryParse(line, out ListingEntry? entry, out _), line);
        return entry;
    }

    [Fact]
    public void Every_fact_is_read()
    {
        ListingEntry entry =
            Entry("Type=file;SIZE=5000000000;modify=20260102030405.678;UNIX.mode=0644;perm=adfrw;unique=fd00g1;x.y=z; a.txt");
        Assert.Equal(("a.txt", FtpEntryKind.File, 5_000_000_000L, FtpEntrySource.Mlsx),
            (entry.Name, entry.Kind, entry.Length!.Value, entry.Source));
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc), entry.LastModified);
        Assert.Equal(("adfrw", "fd00g1", (UnixFileMode)0x1A4), (entry.Permissions, entry.UniqueId, entry.UnixMode!.Value));
    }

    [Theory]
    [InlineData("type=file; a b;c=d.txt", "a b;c=d.txt")]
    [InlineData("type=file;  leading space", " leading space")]
    [InlineData("type=file; trailing space ", "trailing space ")]
    [InlineData("type=file; ; ", "; ")]
    [InlineData(" no facts at all", "no facts at all")]
    [InlineData("type=file;\tbehind a tab", "behind a tab")]
    [InlineData("type=file; \ttab in front", "\ttab in front")]
    [InlineData("type=file;size=3 no last semicolon", "no last semicolon")]
    public void Names_are_read_unchanged(string line, string name) => Assert.Equal(name, Entry(line).Name);

    [Theory]
    [InlineData("type=dir; x", FtpEntryKind.Directory, false)]
    [InlineData("type=cdir; /x", FtpEntryKind.Directory, true)]
    [InlineData("type=PDIR; ..", FtpEntryKind.Directory, true)]
    [InlineData("type=OS.unix=slink:/a b; x", FtpEntryKind.Link, false)]
    [InlineData("type=OS.unix=chr-1/3; x", FtpEntryKind.Other, false)]
    [InlineData("size=3; x", FtpEntryKind.Other, false)]
    public void The_type_determines_the_kind(string line, FtpEntryKind kind, bool isDotDirectory)
    {
        Assert.True(MlsxListing.TryParse(line, out ListingEntry? entry, out bool isDot));
        Assert.Equal((kind, isDotDirectory), (entry.Kind, isDot));
    }

    [Theory]
    [InlineData("  type=file;size=5;modify=20260102030405; a.txt", "a.txt", 5L)]
    [InlineData("\tsize=7;type=file; b c", "b c", 7L)]
    [InlineData(" UNIX.mode=0644;size=8;  c", " c", 8L)]
    [InlineData(" a=b; is a name", "a=b; is a name", null)]
    [InlineData(" type of file", "type of file", null)]
    public void Spaces_before_facts_are_ignored(string line, string name, long? length)
    {
        ListingEntry? entry = ListingParser.ParseMlsxLine(line);
        Assert.Equal((name, length), (entry!.Name, entry.Length));
    }

    [Fact]
    public void The_target_of_a_link_may_contain_spaces() => Assert.Equal("/a b", Entry("type=OS.unix=slink:/a b; x").LinkTarget);

    [Theory]
    [InlineData("size=-1;modify=never;UNIX.mode=9; x")]
    [InlineData("size=99999999999999999999;modify=20261332000000;UNIX.mode=; x")]
    public void Invalid_facts_are_ignored(string line) =>
        Assert.Equal(((long?)null, (DateTime?)null, (UnixFileMode?)null),
            (Entry(line).Length, Entry(line).LastModified, Entry(line).UnixMode));

    [Theory]
    [InlineData("type=file;")]
    [InlineData("type=file; ")]
    [InlineData("ls: cannot open folder")]
    [InlineData("drwxr-xr-x 1 o g 0 Jan  1  2020 sub")]
    public void A_line_without_facts_throws_with_the_line(string line) =>
        Assert.Equal(line, Assert.Throws<ListingFormatException>(() => ListingParser.ParseMlsxLine(line)).RawLine);

    [Theory]
    [InlineData("")]
    [InlineData(" \t")]
    [InlineData("type=cdir; .")]
    [InlineData(" type=pdir; ..")]
    [InlineData("type=dir; ..")]
    public void The_directory_itself_and_its_parent_have_no_entry(string line) => Assert.Null(ListingParser.ParseMlsxLine(line));

    [Fact]
    public void Any_name_is_read_unchanged() => Prop.ForAll<NonEmptyString>(name =>
        Assert.Equal(name.Get, Entry($"type=file;size=1; {name.Get}").Name)).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_line_is_an_entry_or_rejected() => Prop.ForAll<string>(line =>
    {
        try
        {
            ListingParser.ParseMlsxLine("type=" + line);
        }
        catch (ListingFormatException)
        {
        }
    }).QuickCheckThrowOnFailure();
}
