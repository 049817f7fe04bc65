using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class EscapedUtf8Tests
{
    [Fact]
    public void Every_byte_sequence_survives_the_round_trip() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(),
        bytes =>
        {
            string text = EscapedUtf8.GetString(bytes);
            return EscapedUtf8.GetBytes(text).AsSpan().SequenceEqual(bytes) && EscapedUtf8.GetByteCount(text) == bytes.Length &&
                EscapedUtf8.IsCanonical(text);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Well_formed_text_becomes_UTF_8() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>>(),
        generated =>
        {
            string text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(generated.Get));
            return EscapedUtf8.GetBytes(text).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(text)) && EscapedUtf8.IsCanonical(text) &&
                !EscapedUtf8.HasEscape(text);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_byte_that_is_not_UTF_8_becomes_one_lone_surrogate_and_is_printed_as_its_value()
    {
        string text = EscapedUtf8.GetString("caf\u00e9 "u8.ToArray().Concat(new byte[] { 0xE9, (byte)'.', 0xF0, 0x9F, 0x98 }).ToArray());

        Assert.Equal("caf\u00e9 \uDCE9.\uDCF0\uDC9F\uDC98", text);
        Assert.Equal(@"café \xe9.\xf0\x9f\x98", text.ToPrintable());
        Assert.True(EscapedUtf8.HasEscape(text));
    }

    [Fact]
    public void Each_name_has_one_spelling()
    {
        Assert.False(EscapedUtf8.IsCanonical("\uDCC3\uDCA9")); // These are the two bytes of é, whose canonical spelling is é.
        Assert.True(EscapedUtf8.IsCanonical("\uDCC3 \uDCA9"));
        Assert.True(EscapedUtf8.IsCanonical("\uD83D\uDE00"));
        Assert.True(EscapedUtf8.IsCanonical("\uD83D\uDCE9")); // A surrogate pair is not an escape.
        Assert.False(EscapedUtf8.IsCanonical("\uD800"));
        Assert.False(EscapedUtf8.IsCanonical("\uDC41")); // ASCII is never escaped.
        Assert.False(EscapedUtf8.IsCanonical("\uDFFF"));
    }

    [Fact]
    public void A_surrogate_that_does_not_represent_a_byte_throws()
    {
        Assert.Throws<ArgumentException>(() => EscapedUtf8.GetBytes("a\uD800"));
        Assert.Throws<ArgumentException>(() => EscapedUtf8.GetBytes("a\uDCE9", new byte[1]));
    }
}
