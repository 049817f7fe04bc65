namespace Fts.Protocol.Tests;

public sealed class FeatureListTests
{
    private static FeatureList Parse(params string[] lines) => FeatureList.Parse(new Reply(ReplyCode.SystemStatus, lines));

    [Fact]
    public void Features_are_found_whatever_the_case_with_what_stands_behind_them()
    {
        FeatureList list = Parse("Features:", " UTF8", " rest STREAM", " MLST type*;size*;modify*;perm;", "HASH SHA-256*;SHA-1", " EPSV", "", "End");
        Assert.Equal(["UTF8", "REST", "MLST", "HASH", "EPSV"], list.Names);
        Assert.True(list.Has("utf8"));
        Assert.Equal("STREAM", list.Parameter("REST"));
        Assert.Equal("", list.Parameter("EPSV"));
        Assert.Null(list.Parameter("MFMT"));
        Assert.Equal([("type", true), ("size", true), ("modify", true), ("perm", false)], list.MachineFacts);
    }

    [Fact]
    public void A_name_on_several_lines_keeps_all_its_parameters() => Assert.Equal("TLS SSL", Parse("x", " AUTH TLS", " AUTH SSL", "End").Parameter("AUTH"));

    [Fact]
    public void A_reply_of_one_line_announces_nothing() => Assert.Empty(Parse("no features").Names);
}
