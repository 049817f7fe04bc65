using Fts.Client.Segments;

namespace Fts.Client.Tests.Segments;

/// <summary>The segments of a file, and the ranges of its bytes that exist.</summary>
public sealed class SegmentPlanTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(1, 4, 1024, 50, 1)]
    [InlineData(8, 4, 1024, 0, 4)]
    [InlineData(8, 16, 3, 0, 3)]
    [InlineData(8, 16, 0, 0, 1)]
    [InlineData(null, 4, 63, 50, 1)]
    [InlineData(null, 4, 1024, 9, 1)]
    [InlineData(null, 4, 1024, null, 1)]
    [InlineData(null, 4, 64, 10, 4)]
    [InlineData(null, 16, 64, 10, 4)]
    [InlineData(null, 1, 1024, 50, 1)]
    public void A_number_is_limited_and_null_means_several_segments_for_long_round_trips_only(
        int? wanted, int connections, long mebibytes, int? milliseconds, int count) =>
        Assert.Equal(
            count, SegmentPlan.GetSegmentCount(
            wanted, connections, mebibytes * MiB, milliseconds is { } time ? TimeSpan.FromMilliseconds(time) : null));

    [Fact]
    public void Missing_ranges_are_split_into_segments_that_cover_exactly_these_ranges()
    {
        var random = new Random(1);
        for (int run = 0; run < 20_000; run++)
        {
            long length = random.Next(1, 200);
            int count = random.Next(1, 9);
            (ByteRanges ranges, bool[] present) = CreateRanges(random, length);
            ByteRange[] segments = [.. SegmentPlan.SplitRanges(ranges.GetMissing(length), count)];
            long share = (present.Count(isPresent => !isPresent) + count - 1) / count;
            foreach (ByteRange segment in segments)
            {
                Assert.InRange(segment.Length, 1, share);
                for (long offset = segment.Start; offset < segment.End; offset++)
                {
                    Assert.False(present[offset]);
                    present[offset] = true;
                }
            }

            Assert.DoesNotContain(false, present);
        }
    }

    [Theory]
    [InlineData(8, 4, 4)]
    [InlineData(9, 4, 3)]
    [InlineData(7, 4, 4)]
    [InlineData(1, 4, 1)]
    public void A_whole_file_is_split_into_at_most_the_given_number_of_segments(long length, int count, int segments) =>
        Assert.Equal(segments, SegmentPlan.SplitRanges([new ByteRange(0, length)], count).Count());

    [Fact]
    public void Ranges_contain_the_added_bytes_and_are_restored_from_their_text()
    {
        var random = new Random(2);
        for (int run = 0; run < 20_000; run++)
        {
            long length = random.Next(1, 100);
            (ByteRanges ranges, bool[] present) = CreateRanges(random, length);
            Assert.Equal(present.Count(isPresent => isPresent), ranges.TotalLength);
            Assert.Equal(present.TakeWhile(isPresent => isPresent).Count(), ranges.PrefixLength);
            Assert.True(ByteRanges.TryParse(ranges.ToString(), out ByteRanges parsed));
            Assert.Equal(ranges.ToString(), parsed.ToString());
            int end = random.Next(0, 100);
            Assert.Equal(present.Take(end).Count(isPresent => isPresent), ranges.GetBelow(end).TotalLength);
        }
    }

    [Theory]
    [InlineData("5-5")]
    [InlineData("7-5")]
    [InlineData("-5")]
    [InlineData("5")]
    [InlineData("0-5;7-9")]
    [InlineData("0-99999999999999999999")]
    public void Invalid_text_is_not_parsed_as_ranges(string text) => Assert.False(ByteRanges.TryParse(text, out _));

    private static (ByteRanges Ranges, bool[] Present) CreateRanges(Random random, long length)
    {
        var ranges = new ByteRanges();
        bool[] present = new bool[length];
        for (int i = random.Next(0, 6); i > 0; i--)
        {
            long start = random.NextInt64(length), end = Math.Min(length, start + random.Next(0, 30));
            ranges.Add(new ByteRange(start, end));
            for (long offset = start; offset < end; offset++)
            {
                present[offset] = true;
            }
        }

        return (ranges, present);
    }
}
