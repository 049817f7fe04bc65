using System.Text;
using Fts.Client.Connections;
using Fts.Client.Downloads;
using Fts.Client.Transfers;
using Fts.FuzzTests.Engine;
using Fts.Protocol;

namespace Fts.FuzzTests.Targets;

/// <summary>Replies, and the list of features that one of them holds.</summary>
internal static class ReplyTargets
{
    private const int LongestReply = 2048;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("reply", Read) with { Refusal = typeof(ReplyFormatException), BytesPerByte = 512 },
        FuzzTarget.OfText("features", Features) with { BytesPerByte = 160 },
        FuzzTarget.OfText("announced-length", AnnouncedLength),
        FuzzTarget.OfText("hash-reply", Hash) with { BytesPerByte = 256 },
        FuzzTarget.OfText("partial-record", Record) with { BytesPerByte = 256 },
    ];

    /// <summary>Every reply in the text must come back from its own bytes.</summary>
    private static void Read(string text)
    {
        var reader = new ReplyReader(LongestReply);
        foreach (string line in text.Split('\n'))
        {
            if (reader.AddLine(line) is { } reply)
            {
                FuzzAssert.True(reply.Lines.Sum(part => part.Length) <= LongestReply, "a reply is within its limit");
                FuzzAssert.Equal(Written(reply), Written(Again(reply)), "a reply comes back");
            }
        }
    }

    private static FtpReply Again(FtpReply reply)
    {
        // Lines inside get a space each on the way.
        var reader = new ReplyReader(LongestReply * 2);
        string[] lines = Written(reply).Split("\r\n");
        for (int i = 0; i < lines.Length - 1; i++)
        {
            if (reader.AddLine(lines[i]) is { } again)
            {
                FuzzAssert.Equal(lines.Length - 2, i, "a reply ends with its last line");
                return again;
            }
        }

        throw new FuzzFailureException("a reply that was written has no end");
    }

    private static string Written(FtpReply reply) => Encoding.UTF8.GetString(reply.Bytes.Span);

    private static void AnnouncedLength(string text)
    {
        if (ReplyText.ParseAnnouncedLength(text) is { } length)
        {
            FuzzAssert.True(length >= 0 && ReplyText.ParseAnnouncedLength($"Opening ({length} bytes).") == length, "a length comes back");
        }
    }

    private static void Hash(string text)
    {
        FuzzAssert.True(RemoteHash.ParseHashReply(text, null) is null or { Length: 32 } && RemoteHash.ParseXsha256Reply(text) is null or { Length: 32 }, "a SHA-256 has 32 bytes");
        FuzzAssert.True(RemoteHash.ParseHashReply(text, 5) is not { } part || text.Contains(Convert.ToHexString(part), StringComparison.OrdinalIgnoreCase), "a hash stands in the reply");
        FuzzAssert.True(RemoteHash.ParseHashReply(text, 5) is null || text.Contains(" 0-4 ", StringComparison.Ordinal) || text.Contains(" 0-5 ", StringComparison.Ordinal), "a part's hash is that part's");
    }

    private static void Record(string text)
    {
        if (PartialDownloadRecord.TryParse(text, out PartialDownloadRecord record))
        {
            FuzzAssert.True(record.Length >= 0 && text.Contains(record.Path, StringComparison.Ordinal), "a record says what stands there");
            FuzzAssert.True(PartialDownloadRecord.TryParse(record.ToString(), out PartialDownloadRecord again) && again == record, "a record comes back");
        }
    }

    private static void Features(string text)
    {
        FeatureList features = FeatureList.Parse(new FtpReply(FtpReplyCode.SystemStatus, text.Replace('\r', ' ').Split('\n')));
        FuzzAssert.True(features.Names.All(features.Supports) && features.Names.Sum(name => name.Length + features.GetParameters(name)!.Length) <= text.Length, "features are no longer than the text");
        FuzzAssert.True(features.MlsxFacts.Sum(fact => fact.Fact.Length) <= text.Length, "facts are no longer than the text");
    }
}
