using System.Net;
using Fts.Accounts.Settings;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Accounts.Tests.Settings;

/// <summary>The text forms of settings.</summary>
public sealed class SettingTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1500", 1500)]
    [InlineData("1500B", 1500)]
    [InlineData("2k", 2048)]
    [InlineData("10M", 10 * 1024 * 1024)]
    [InlineData("1MiB", 1024 * 1024)]
    [InlineData("1MB", 1024 * 1024)]
    [InlineData("3G", 3L * 1024 * 1024 * 1024)]
    [InlineData("8388607T", 8388607L << 40)]
    [InlineData("unlimited", -1)]
    public void Sizes_are_parsed(string text, long bytes)
    {
        Assert.True(SettingText.TryParseBytes(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("G")]
    [InlineData("1.5G")]
    [InlineData("1 G")]
    [InlineData("1P")]
    [InlineData("1GG")]
    [InlineData("8388608T")]
    [InlineData("9223372036854775808")]
    [InlineData("Unlimited")]
    public void Other_sizes_are_refused(string? text) => Assert.False(SettingText.TryParseBytes(text, out _));

    [Fact]
    public void A_written_size_is_parsed_to_the_same_number() => Prop.ForAll(
        ArbMap.Default.ArbFor<long>(),
        value =>
        {
            long bytes = value & long.MaxValue;
            return SettingText.TryParseBytes(SettingText.FormatBytes(bytes), out long parsed) && parsed == bytes;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("::1", "::1/128")]
    public void Networks_are_parsed(string text, string network)
    {
        Assert.True(SettingText.TryParseNetwork(text, out IPNetwork parsed));
        Assert.Equal(network, parsed.ToString());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("192.0.2")]
    [InlineData("192.0.2.0/33")]
    [InlineData("all")]
    public void Other_networks_are_refused(string text) => Assert.False(SettingText.TryParseNetwork(text, out _));

    [Theory]
    [InlineData("08:00-18:30", "12:00", true)]
    [InlineData("08:00-18:30", "18:30", false)]
    [InlineData("22:00-06:00", "23:59", true)]
    [InlineData("22:00-06:00", "06:00", false)]
    [InlineData("00:00-00:00", "12:00", true)]
    [InlineData("09:00-09:00", "08:59", true)]
    public void Hours_permit_times(string text, string time, bool isPermitted)
    {
        Assert.True(SettingText.TryParseHours(text, out AllowedHours hours));
        Assert.Equal(isPermitted, hours.Contains(TimeOnly.Parse(time, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("8-18")]
    [InlineData("08:00")]
    [InlineData("08:00-24:00")]
    [InlineData("08:00-18:00-19:00")]
    public void Other_hours_are_refused(string text) => Assert.False(SettingText.TryParseHours(text, out _));

    [Theory]
    [InlineData("2027-01-31", "2027-01-31T23:00:00+00:00")]
    [InlineData("2027-07-31", "2027-07-31T22:00:00+00:00")]
    [InlineData("2027-01-31T12:00:00+01:00", "2027-01-31T11:00:00+00:00")]
    [InlineData("2027-01-31T12:00+01:00", "2027-01-31T11:00:00+00:00")]
    [InlineData("never", "never")]
    public void A_date_means_the_end_of_the_day_in_the_time_zone(string text, string written)
    {
        TimeZoneInfo berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        Assert.True(SettingText.TryParseExpiry(text, berlin, out DateTimeOffset expiry));
        Assert.Equal(written, SettingText.FormatExpiry(expiry));
    }

    [Theory]
    [InlineData("31.01.2027")]
    [InlineData("2027-02-30")]
    [InlineData("2027-01-31T12:00:00")]
    [InlineData("tomorrow")]
    public void Other_dates_are_refused(string text) => Assert.False(SettingText.TryParseExpiry(text, TimeZoneInfo.Utc, out _));

    [Theory]
    [InlineData("/in=c", "/in", "c")]
    [InlineData("/=lr", "/", "lr")]
    [InlineData("/a=b/c=-", "/a=b/c", "-")]
    [InlineData("/x=rl", "/x", "lr")]
    [InlineData("/x=lrcwandmt", "/x", "*")]
    public void Rules_are_parsed(string text, string path, string letters)
    {
        Assert.True(SettingText.TryParseRule(text, out PermissionRule? rule));
        Assert.Equal((path, letters), (rule.Value.Path.Value, PermissionLetters.Format(rule.Value.Permissions)));
    }

    [Theory]
    [InlineData("in=c")]
    [InlineData("/in")]
    [InlineData("/in=")]
    [InlineData("/in=x")]
    [InlineData("/in/=c")]
    [InlineData("/a/../b=c")]
    [InlineData("/in=c-")]
    public void Other_rules_are_refused(string text) => Assert.False(SettingText.TryParseRule(text, out _));

    [Theory]
    [InlineData("/pub=/srv/pub", "/srv/pub", false)]
    [InlineData("/pub=/srv/pub:ro", "/srv/pub", true)]
    [InlineData("/pub=/srv/pub:rw", "/srv/pub", false)]
    [InlineData("/pub=/srv/a=b:ro", "/srv/a=b", true)]
    public void Mounts_are_parsed(string text, string directory, bool isReadOnly)
    {
        Assert.True(SettingText.TryParseMount(text, out MountSettings? mount));
        Assert.Equal(("/pub", directory, isReadOnly), (mount.Path.Value, mount.Directory, mount.IsReadOnly));
    }
}
