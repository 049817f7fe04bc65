using Fts.Client;
using Fts.Transfers;

namespace Fts.ProgramTests.Transfers;

/// <summary>The progress bar and its plain twin.</summary>
public sealed class ProgressFormatterTests
{
    private static readonly FtpProgress Half = new("/a", FtpTransferStage.Transferring, 512_000_000, 1_024_000_000);

    [Theory]
    [InlineData(10)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public void The_bar_fits_the_width(int width)
    {
        foreach (string name in (
            string[])["a", "a rather long name of a file, longer than the terminal is wide.tar.gz", "文件文件文件文件文件文件文件文件文件文件"])
        {
            foreach (FtpTransferStage phase in Enum.GetValues<FtpTransferStage>())
            {
                string bar = ProgressFormatter.FormatBar("downloading", name, Half with { Stage = phase }, 12_345_678, width);
                Assert.InRange(DisplayFormat.CountColumns(bar), 1, width - 1);
            }
        }
    }

    [Fact]
    public void At_80_columns_it_says_everything() =>
        Assert.Equal("downloading report.pdf  [####.....]   50%  512 MB/1.02 GB  12.8 MB/s  40 s left",
            ProgressFormatter.FormatBar("downloading", "report.pdf", Half, 12_800_000, 80));

    [Fact]
    public void At_40_columns_name_percent_and_amount_are_left() =>
        Assert.Equal("report.pdf   50%  512 MB/1.02 GB", ProgressFormatter.FormatBar("downloading", "report.pdf", Half, 12_800_000, 40));

    [Fact]
    public void At_80_columns_a_long_name_gives_way_to_a_gauge() =>
        Assert.Equal("a long name …y report.pdf  [###...]   50%  512 MB/1.02 GB  12.8 MB/s  40 s left",
            ProgressFormatter.FormatBar("downloading", "a long name of a yearly report.pdf", Half, 12_800_000, 80));

    [Fact]
    public void At_200_columns_the_gauge_is_wide() =>
        Assert.Contains($"[{new string('#', 30)}{new string('.', 30)}]",
            ProgressFormatter.FormatBar("downloading", "report.pdf", Half, 12_800_000, 200), StringComparison.Ordinal);

    [Fact]
    public void An_unknown_size_has_no_percent_and_no_estimate()
    {
        string bar = ProgressFormatter.FormatBar("uploading", "a", Half with { TotalBytes = null }, 1_000_000, 80);
        Assert.Equal("uploading a  512 MB  1.00 MB/s", bar);
    }

    [Fact]
    public void At_the_last_byte_it_says_what_is_waited_for() =>
        Assert.Contains("100%  1.02 GB/1.02 GB  waiting for confirmation",
            ProgressFormatter.FormatBar("uploading", "a", Half with { Bytes = 1_024_000_000, Stage = FtpTransferStage.AwaitingReply }, 0,
                80), StringComparison.Ordinal);

    [Fact]
    public void One_hundred_percent_means_all_of_it() =>
        Assert.Contains(
            " 99%", ProgressFormatter.FormatBar("uploading", "a", Half with { Bytes = 1_023_999_999 }, 1, 200), StringComparison.Ordinal);

    [Fact]
    public void A_line_for_a_log_has_the_same_words() =>
        Assert.Equal(
            "uploading a: 50%, 512 MB/1.02 GB, 1.00 MB/s, 8:32 left", ProgressFormatter.FormatLine("uploading", "a", Half, 1_000_000));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(12_345, "12.3 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.00 MB")]
    [InlineData(9_223_372_036_854_775_807, "9.22 EB")]
    public void Sizes_have_three_digits(long bytes, string text) => Assert.Equal(text, DisplayFormat.FormatSize(bytes));

    [Theory]
    [InlineData(0.44, "0.4 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(187, "3:07")]
    [InlineData(8109, "2:15:09")]
    public void Durations_are_short(double seconds, string text) =>
        Assert.Equal(text, DisplayFormat.FormatDuration(TimeSpan.FromSeconds(seconds)));
}
