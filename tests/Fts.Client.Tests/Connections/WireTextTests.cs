using System.Text;
using Fts.Client.Connections;

namespace Fts.Client.Tests.Connections;

/// <summary>Conversion of names between bytes and text. A listed name is sent back as the same bytes.</summary>
public sealed class WireTextTests
{
    static WireTextTests() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [Theory]
    [InlineData("utf-8")]
    [InlineData("us-ascii")]
    [InlineData("iso-8859-1")]
    [InlineData("windows-1252")]
    [InlineData("windows-1251")]
    [InlineData("koi8-r")]
    [InlineData("ibm437")]
    [InlineData("gbk")]
    [InlineData("gb18030")]
    [InlineData("big5")]
    [InlineData("shift_jis")]
    [InlineData("euc-jp")]
    [InlineData("euc-kr")]
    public void Any_bytes_survive_decoding_and_encoding(string encoding)
    {
        var text = new WireText(Encoding.GetEncoding(encoding));
        var random = new Random(4711);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(1, 12)];
            random.NextBytes(bytes);
            bytes = [.. bytes.Where(b => b is not (0 or 10 or 13 or 255))];
            string decoded = text.Decode(bytes);
            Assert.True(
                text.EncodeLine(decoded).AsSpan(..^2).SequenceEqual(bytes),
                $"{encoding}: {Convert.ToHexString(bytes)} became {Convert.ToHexString(text.EncodeLine(decoded))}");
        }
    }

    [Theory]
    [InlineData("windows-1252", "\u20ac", "80")]
    [InlineData("gbk", "\u6587\u4ef6", "CEC4BCFE")]
    [InlineData("shift_jis", "\u8868", "955C")]
    [InlineData("big5", "\u4e2d", "A4A4")]
    [InlineData("euc-kr", "\ud55c", "C7D1")]
    [InlineData("koi8-r", "\u0444", "C6")]
    public void Text_is_decoded_and_encoded_in_the_encoding(string encoding, string text, string bytes)
    {
        var wire = new WireText(Encoding.GetEncoding(encoding));
        Assert.Equal(text, wire.Decode(Convert.FromHexString(bytes)));
        Assert.Equal(bytes + "0D0A", Convert.ToHexString(wire.EncodeLine(text)));
    }

    [Fact]
    public void Undecodable_bytes_are_preserved_next_to_decoded_text()
    {
        var wire = new WireText(Encoding.GetEncoding("gbk"));
        string text = wire.Decode([0xCE, 0xC4, 0x20, 0xFE, 0x20, 0xBC, 0xFE]);
        Assert.Equal("\u6587 \udcfe \u4ef6", text);
    }

    [Theory]
    [InlineData("iso-8859-1", "\u6587")]
    [InlineData("windows-1252", "\u0101")]
    [InlineData("us-ascii", "\u00e9")]
    [InlineData("gbk", "\U0001f600")]
    public void Characters_that_the_encoding_lacks_are_rejected(string encoding, string text) =>
        Assert.Contains(
            "cannot represent some of its characters", Assert.Throws<ArgumentException>(
            () => new WireText(Encoding.GetEncoding(encoding)).EncodeLine(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-32")]
    [InlineData("ibm037")]
    public void Encodings_that_do_not_extend_ASCII_are_not_supported(string encoding) =>
        Assert.Throws<ArgumentException>(
            () => new FtpClient(new FtpClientOptions { Host = "h", Encoding = Encoding.GetEncoding(encoding) }));

    [Theory]
    [InlineData("caf\\xe9.txt", "636166E92E747874", "caf\u00e9.txt")]
    [InlineData("caf\\xE9", "636166E9", "caf\u00e9")]
    [InlineData("\\xc3\\xa9", "C3A9", "\u00e9")]
    [InlineData("a\\x82", "6182", "a%82")]
    [InlineData("\\x41 \\x \\xg1", "5C783431205C78205C786731", "\\x41 \\x \\xg1")]
    [InlineData("\U0001f600\\xff", "F09F9880FF", "\U0001f600\u00ff")]
    public void Displayed_names_can_be_typed_and_have_a_local_form(string typed, string bytes, string local)
    {
        string name = FtpName.Unescape(typed);
        Assert.Equal(bytes, Convert.ToHexString(FtpName.GetBytes(name)));
        Assert.Equal(local, FtpName.ToLocalName(name));
    }
}
