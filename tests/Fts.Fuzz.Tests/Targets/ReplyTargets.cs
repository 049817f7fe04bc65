using System.Text;
using Fts.Client.Connections;
using Fts.Client.Downloads;
using Fts.Client.Transfers;
using Fts.FuzzTests.Engine;
using Fts.Protocol;

namespace Fts.FuzzTests.Targets;

/// <summary>Replies, and the texts in them.</summary>
internal static class ReplyTargets
{
    private const int MaxReplyLength = 2048;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("reply", CheckReply) with { ExpectedException = typeof(ReplyFormatException), BytesPerByte = 512 },
        FuzzTarget.OfText("features", CheckFeatures) with { BytesPerByte = 160 },
        FuzzTarget.OfText("announced-length", CheckAnnouncedLength),
        FuzzTarget.OfText("hash-reply", CheckHash) with { BytesPerByte = 256 },
        FuzzTarget.OfText("partial-record", CheckPartialRecord) with { BytesPerByte = 256 },
    ];

    /// <summary>Verifies that every reply in the text survives the round trip.</summary>
    private static void CheckReply(string text)
    {
        var reader = new ReplyReader(MaxReplyLength);
        foreach (string line in text.Split('\n'))
        {
            if (reader.AddLine(line) is { } reply)
            {
                FuzzAssert.True(reply.Lines.Sum(part => part.Length) <= MaxReplyLength, "a reply is within its limit");
                FuzzAssert.Equal(Encode(reply), Encode(RoundTrip(reply)), "a reply survives the round trip");
            }
        }
    }

    private static FtpReply RoundTrip(FtpReply reply)
    {
        // The inner lines are indented by a space.
        var reader = new ReplyReader(MaxReplyLength * 2);
        string[] lines = Encode(reply).Split("\r\n");
        for (int i = 0; i < lines.Length - 1; i++)
        {
            if (reader.AddLine(lines[i]) is { } again)
            {
                FuzzAssert.Equal(lines.Length - 2, i, "a reply ends with its last line");
                return again;
            }
        }

        throw new FuzzFailureException("an encoded reply has no last line");
    }

    private static string Encode(FtpReply reply) => Encoding.UTF8.GetString(reply.Bytes.Span);

    private static void CheckAnnouncedLength(string text)
    {
        if (ReplyText.ParseAnnouncedLength(text) is { } length)
        {
            FuzzAssert.True(length >= 0 &&
                ReplyText.ParseAnnouncedLength($"Opening ({length} bytes).") == length, "a length survives the round trip");
        }
    }

    private static void CheckHash(string text)
    {
        FuzzAssert.True(RemoteHash.ParseHashReply(text, null) is null or { Length: 32 } &&
            RemoteHash.ParseXsha256Reply(text) is null or { Length: 32 }, "a SHA-256 has 32 bytes");
        FuzzAssert.True(RemoteHash.ParseHashReply(text, 5) is not { } part ||
            text.Contains(Convert.ToHexString(part), StringComparison.OrdinalIgnoreCase), "a hash is in the reply");
        FuzzAssert.True(RemoteHash.ParseHashReply(text, 5) is null || text.Contains(" 0-4 ", StringComparison.Ordinal) ||
            text.Contains(" 0-5 ", StringComparison.Ordinal), "the hash of a range is for that range");
    }

    private static void CheckPartialRecord(string text)
    {
        if (PartialDownloadRecord.TryParse(text, out PartialDownloadRecord record))
        {
            FuzzAssert.True(record.Length >= 0 &&
                text.Contains(record.Path, StringComparison.Ordinal), "a record has the path from the text");
            FuzzAssert.True(PartialDownloadRecord.TryParse(record.ToString(), out PartialDownloadRecord again) &&
                again == record, "a record survives the round trip");
        }
    }

    private static void CheckFeatures(string text)
    {
        FeatureList features = FeatureList.Parse(new FtpReply(FtpReplyCode.SystemStatus, text.Replace('\r', ' ').Split('\n')));
        FuzzAssert.True(features.Names.All(features.Supports) &&
            features.Names.Sum(name =>
                name.Length + features.GetParameters(name)!.Length) <= text.Length, "features are not longer than the text");
        FuzzAssert.True(features.MlsxFacts.Sum(fact => fact.Fact.Length) <= text.Length, "facts are not longer than the text");
    }
}
