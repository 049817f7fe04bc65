using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Fts.Administration.Events;

namespace Fts.ProgramTests.Administration;

/// <summary>The times of <c>--since</c> and <c>--until</c>.</summary>
public sealed class EventTimeTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 31, 12, 0, 0, TimeSpan.FromHours(1));

    [Theory]
    [InlineData("2027-01-30", "2027-01-30T00:00:00Z")]
    [InlineData("2027-01-30T10:20", "2027-01-30T10:20:00Z")]
    [InlineData("2027-01-30T10:20Z", "2027-01-30T10:20:00Z")]
    [InlineData("2027-01-30 10:20:30", "2027-01-30T10:20:30Z")]
    [InlineData("2027-01-30T10:20:30.25+01:00", "2027-01-30T09:20:30.25Z")]
    [InlineData("90s", "2027-01-31T10:58:30Z")]
    [InlineData("15m", "2027-01-31T10:45:00Z")]
    [InlineData("2h", "2027-01-31T09:00:00Z")]
    [InlineData("7d", "2027-01-24T11:00:00Z")]
    public void A_time_or_a_span_before_now_is_parsed(string text, string expected)
    {
        Assert.True(EventTime.TryParse(text, Now, out DateTimeOffset time));
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), time);
        Assert.Equal(TimeSpan.Zero, time.Offset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0s")]
    [InlineData("-2h")]
    [InlineData("2 h")]
    [InlineData("2w")]
    [InlineData("h")]
    [InlineData("99999999d")]
    [InlineData("yesterday")]
    [InlineData("31.01.2027")]
    [InlineData("2027-02-30")]
    [InlineData("2027-01-30T25:00")]
    [InlineData("2027-01-30Z")]
    public void Other_texts_are_refused(string text) => Assert.False(EventTime.TryParse(text, Now, out _));

    [Fact]
    public void Each_written_time_is_parsed_to_the_same_time() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).Two().Select(pair => ((long)pair.Item1 << 31) | (long)pair.Item2).ToArbitrary(),
        Gen.Choose(-14 * 60, 14 * 60).ToArbitrary(),
        (number, offset) =>
        {
            long range = new DateTime(9999, 12, 30).Ticks - new DateTime(1, 1, 3).Ticks;
            var time = new DateTimeOffset(new DateTime(1, 1, 3).Ticks + (number % range), TimeSpan.FromMinutes(offset));
            string text = time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffzzz", CultureInfo.InvariantCulture);
            Assert.True(EventTime.TryParse(text, Now, out DateTimeOffset read));
            Assert.Equal(time, read);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Each_span_is_that_long_before_now() => Prop.ForAll(
        Gen.Choose(1, ushort.MaxValue).ToArbitrary(), Gen.Elements("s", "m", "h", "d").ToArbitrary(), (count, unit) =>
        {
            Assert.True(EventTime.TryParse($"{count}{unit}", Now, out DateTimeOffset time));
            double length = unit switch
            {
                "s" => (Now - time).TotalSeconds,
                "m" => (Now - time).TotalMinutes,
                "h" => (Now - time).TotalHours,
                _ => (Now - time).TotalDays,
            };
            Assert.Equal(count, length);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_throws() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>(), text => EventTime.TryParse(text ?? "", Now, out _) || true).QuickCheckThrowOnFailure();
}
