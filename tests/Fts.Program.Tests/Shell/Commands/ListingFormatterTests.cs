using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Commands;

namespace Fts.ProgramTests.Shell.Commands;

/// <summary>The formats of <c>ls</c>.</summary>
public sealed class ListingFormatterTests
{
    private static readonly ListingFormatter Plain = new((_, name) => name);

    [Theory]
    [InlineData(80, "aa  bbbb  c  dd/  文件")]
    [InlineData(14, "aa    dd/\nbbbb  文件\nc")]
    [InlineData(4, "aa\nbbbb\nc\ndd/\n文件")]
    public void Names_fill_columns_from_top_to_bottom(int width, string expected)
    {
        FtpEntry[] entries = [Create("aa"), Create("bbbb"), Create("c"), Create("dd", FtpEntryKind.Directory), Create("文件")];
        Assert.Equal(expected, string.Join('\n', Plain.FormatColumns(entries, width)));
    }

    [Fact]
    public void A_long_line_has_the_mode_the_size_and_the_time()
    {
        FtpEntry[] entries =
        [
            Create("a") with { Length = 1_234_567, UnixMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead },
            Create("d", FtpEntryKind.Directory) with { LastModified = new DateTimeOffset(2026, 5, 1, 12, 30, 0, TimeSpan.Zero) },
        ];
        Assert.Equal(
            ["-rw-r----- 1.23 MB                    a", "d---------          2026-05-01 12:30  d/"],
            Plain.FormatLong(entries, showsMode: true, usesUnits: true));
        Assert.Equal(
            ["- 1234567                    a", "d          2026-05-01 12:30  d/"],
            Plain.FormatLong(entries, showsMode: false, usesUnits: false));
    }

    [Theory]
    [InlineData(false, false, false, "a b c")]
    [InlineData(false, false, true, "c b a")]
    [InlineData(true, false, false, "b c a")]
    [InlineData(false, true, false, "c a b")]
    [InlineData(false, true, true, "b a c")]
    public void Entries_are_sorted_by_the_options(bool byTime, bool bySize, bool isReversed, string expected)
    {
        FtpEntry[] entries = [CreateDated("a", 2, 2020), CreateDated("b", 1, 2022), CreateDated("c", 3, 2021)];
        Assert.Equal(expected, string.Join(' ', ListingFormatter.Sort(entries, byTime, bySize, isReversed).Select(entry => entry.Name)));

        static FtpEntry CreateDated(string name, long length, int year) =>
            Create(name) with { Length = length, LastModified = new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero) };
    }

    [Theory]
    [InlineData("x.jpg", FtpEntryKind.File, "01;35")]
    [InlineData("x.JPG", FtpEntryKind.File, "01;35")]
    [InlineData("x.txt", FtpEntryKind.File, null)]
    [InlineData("x.jpg", FtpEntryKind.Directory, "34")]
    [InlineData("x.evil", FtpEntryKind.File, null)]
    public void Colours_come_from_the_variable(string name, FtpEntryKind kind, string? expected) =>
        Assert.Equal(expected, new ListingColors("di=34:*.jpg=01;35:*.evil=1m\e]0;x:ln=target:bad").Find(Create(name, kind)));

    [Fact]
    public void Without_the_variable_folders_have_the_colour_of_ls() =>
        Assert.Equal("01;34", new ListingColors(null).Find(Create("d", FtpEntryKind.Directory)));

    private static FtpEntry Create(string name, FtpEntryKind kind = FtpEntryKind.File) => new() { Path = name, Name = name, Kind = kind };
}
