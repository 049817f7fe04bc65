using Fts.Accounts.Delivery;

namespace Fts.Accounts.Tests.Delivery;

public sealed class DeliveryScheduleTests
{
    [Theory]
    [InlineData(1, 0.5, 1_000)]
    [InlineData(2, 0.5, 2_000)]
    [InlineData(3, 0.5, 4_000)]
    [InlineData(9, 0.5, 256_000)]
    [InlineData(10, 0.5, 300_000)]
    [InlineData(1_000_000, 0.5, 300_000)]
    [InlineData(1, 0, 800)]
    [InlineData(1, 1, 1_200)]
    [InlineData(50, 0, 240_000)]
    [InlineData(50, 1, 360_000)]
    public void The_pause_doubles_up_to_five_minutes_and_varies_by_a_fifth(int failures, double random, double milliseconds) =>
        Assert.Equal(milliseconds, DeliverySchedule.GetPause(failures, random).TotalMilliseconds, 0.001);

    [Fact]
    public void The_default_number_of_attempts_lasts_about_a_day()
    {
        double hours = Enumerable.Range(1, DeliverySchedule.DefaultMaxAttempts - 1)
            .Sum(failures => DeliverySchedule.GetPause(failures, 0.5).TotalHours);
        Assert.InRange(hours, 23.5, 25);
    }
}
