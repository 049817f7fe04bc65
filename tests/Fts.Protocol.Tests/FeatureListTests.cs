namespace Fts.Protocol.Tests;

public sealed class FeatureListTests
{
    private static FeatureList Parse(params string[] lines) => FeatureList.Parse(new FtpReply(FtpReplyCode.SystemStatus, lines));

    [Fact]
    public void Features_are_found_in_any_case_with_their_parameters()
    {
        FeatureList list = Parse("Features:", " UTF8", " rest STREAM", " MLST type*;size*;modify*;perm;", "HASH SHA-256*;SHA-1", " EPSV",
            "", "End");
        Assert.Equal(["UTF8", "REST", "MLST", "HASH", "EPSV"], list.Names);
        Assert.True(list.Supports("utf8"));
        Assert.Equal("STREAM", list.GetParameters("REST"));
        Assert.Equal("", list.GetParameters("EPSV"));
        Assert.Null(list.GetParameters("MFMT"));
        Assert.Equal([("type", true), ("size", true), ("modify", true), ("perm", false)], list.MlsxFacts);
    }

    [Fact]
    public void A_name_on_several_lines_keeps_all_its_parameters() =>
        Assert.Equal("TLS SSL", Parse("x", " AUTH TLS", " AUTH SSL", "End").GetParameters("AUTH"));

    [Fact]
    public void A_reply_of_one_line_has_no_features() => Assert.Empty(Parse("no features").Names);
}
