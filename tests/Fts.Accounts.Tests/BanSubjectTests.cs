using System.Net;
using Fts.Accounts.Bans;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Accounts.Tests;

/// <summary>The text form of the subjects of bans, and the logins that they match.</summary>
public sealed class BanSubjectTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("192.0.2.7/32", "192.0.2.7")]
    [InlineData("192.0.2.7/24", "192.0.2.0/24")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8::1", "2001:db8::/64")]
    [InlineData("2001:db8::1/128", "2001:db8::1/128")]
    [InlineData("2001:db8:ffff::/33", "2001:db8:8000::/33")]
    [InlineData("ann@192.0.2.7", "ann@192.0.2.7")]
    [InlineData("ann@example.org@2001:db8::1", "ann@example.org@2001:db8::/64")]
    public void Valid_texts_have_one_form(string text, string expected)
    {
        Assert.True(BanSubject.TryParse(text, out BanSubject? subject));
        Assert.Equal(expected, subject.ToString());
        Assert.True(BanSubject.TryParse(expected, out BanSubject? again));
        Assert.Equal(subject, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ann")]
    [InlineData("ann@")]
    [InlineData("@192.0.2.7")]
    [InlineData("1")]
    [InlineData("192.0.2")]
    [InlineData("192.0.2.7/33")]
    [InlineData("192.0.2.7/")]
    [InlineData("192.0.2.7/-1")]
    [InlineData("192.0.2.7/1x")]
    [InlineData("192.0.2.7:21")]
    [InlineData("2001:db8::1/129")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[2001:db8::1]")]
    [InlineData("::ffff:192.0.2.7/120")]
    public void Other_texts_are_rejected(string text) => Assert.False(BanSubject.TryParse(text, out _));

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.200", "ann", true)]
    [InlineData("192.0.2.0/24", "::ffff:192.0.2.200", null, true)]
    [InlineData("192.0.2.0/24", "192.0.3.1", "ann", false)]
    [InlineData("ann@192.0.2.7", "192.0.2.7", "ann", true)]
    [InlineData("ann@192.0.2.7", "192.0.2.7", "Ann", false)]
    [InlineData("ann@192.0.2.7", "192.0.2.7", null, false)]
    [InlineData("2001:db8::1", "2001:db8::ffff:1", null, true)]
    [InlineData("2001:db8::1/128", "2001:db8::2", null, false)]
    public void A_subject_matches_the_logins_of_its_network_and_account(string text, string address, string? account, bool isMatch)
    {
        Assert.True(BanSubject.TryParse(text, out BanSubject? subject));
        Assert.Equal(isMatch, subject.Matches(IPAddress.Parse(address), account));
    }

    [Fact]
    public void Every_client_has_a_subject_that_matches_it_and_survives_its_text_form() =>
        Prop.ForAll<byte[], bool>((bytes, isIPv4) =>
        {
            byte[] raw = new byte[isIPv4 ? 4 : 16];
            bytes.AsSpan(0, Math.Min(bytes.Length, raw.Length)).CopyTo(raw);
            var address = new IPAddress(raw);
            BanSubject subject = BanSubject.FromClient(address, "a@b");
            return subject.Matches(address, "a@b") && BanSubject.TryParse(subject.ToString(), out BanSubject? again) && again == subject;
        }).QuickCheckThrowOnFailure();
}
