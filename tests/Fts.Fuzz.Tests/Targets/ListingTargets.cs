using System.Text;
using Fts.FuzzTests.Engine;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Protocol.Listings.Dialects;
using Fts.Protocol.Listings.Unix;

namespace Fts.FuzzTests.Targets;

/// <summary>Listings in every format, those that need more than a line through the reader, and those that the server writes there and back.</summary>
internal static class ListingTargets
{
    private const int LongestName = 255;

    /// <summary>Guessed years, and orders of numbers, hang on today: on an ordinary one, and on the first and last that there are.</summary>
    private static readonly DateTime[] Todays = [new(2026, 3, 10, 12, 0, 0, DateTimeKind.Utc), DateTime.MinValue, DateTime.MaxValue];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. new[] { "list-unix", "list-dos", "list-eplf", "list-vms", "list-mvs", "list-os400", "list-netware", "list-uncommon", "list-other" }.Select(name => FuzzTarget.OfText(name, Listing) with { BytesPerByte = 512 }),
        FuzzTarget.OfText("list-any", OneFormat) with { Corpus = "list-unix", BytesPerByte = 128 },
        FuzzTarget.OfText("list-any-other", OneFormat) with { Corpus = "list-other", BytesPerByte = 128 },
        FuzzTarget.OfText("mlsd", MachineListing) with { Corpus = "mlsx", BytesPerByte = 512 },
        FuzzTarget.OfText("mlsx", MachineLine) with { Refusal = typeof(ListingFormatException) },
        new("list-written", Written) { Weight = 50 },
    ];

    private static void Listing(string text) => Array.ForEach(Todays, today => Read(text, new ListingReader(today)));

    private static void MachineListing(string text) => Read(text, new ListingReader(Todays[0], isMlsd: true));

    private static void Read(string text, ListingReader reader)
    {
        string[] lines = text.Split('\n');
        int entries = 0;
        try
        {
            foreach (string line in lines)
            {
                reader.AddLine(line);
                Take();
            }

            reader.Complete();
            Take();
        }
        catch (ListingFormatException e)
        {
            FuzzAssert.True(text.Contains(e.RawLine, StringComparison.Ordinal), "an error tells a line that came");
        }

        FuzzAssert.True(entries <= lines.Length, "a line is one entry at most");

        void Take()
        {
            while (reader.TryDequeue(out ListingEntry? entry))
            {
                entries++;
                Check(entry, text);
            }
        }
    }

    private static void Check(ListingEntry entry, string text)
    {
        if (entry.Kind == FtpEntryKind.Unknown)
        {
            FuzzAssert.True(entry.Name.Length == 0 && entry.RawLine is { Length: > 0 } && text.Contains(entry.RawLine, StringComparison.Ordinal), "an unknown entry has its line and no name");
            return;
        }

        // z/VM writes the two halves of a name in columns.
        FuzzAssert.True(entry.Name.Length > 0 && (text.Contains(entry.Name, StringComparison.Ordinal) ||
            (entry.Source == FtpEntrySource.Other && Array.TrueForAll(entry.Name.Split('.'), half => text.Contains(half, StringComparison.Ordinal)))), "a name is part of its lines");
        FuzzAssert.True(entry.LastModified is not { Kind: not DateTimeKind.Utc }, "a time is UTC");
        FuzzAssert.True(entry.Length is not < 0, "a length is none or not negative");
    }

    /// <summary>Lines that stand for themselves are read by one format at most, or an entry would be another on the next look.</summary>
    private static void OneFormat(string line)
    {
        bool isUnix = UnixListing.TryParse(line, Todays[0], out _), isDos = DosListing.TryParse(line, out _), isNetWare = NetWareListing.TryParse(line, Todays[0], out _),
            isEplf = EplfListing.TryParse(line, out _), isOs400 = Os400Listing.TryParse(line, Todays[0], out _), isVms = VmsListing.TryParse(line, out _),
            isNumeric = UnixNumericListing.TryParse(line, out _), isConnect = ConnectEnterpriseListing.TryParse(line, Todays[0], out _), isSizeFirst = SizeFirstListing.TryParse(line, out _),
            isNameFirst = NameFirstListing.TryParse(line, out _), isOs9 = Os9Listing.TryParse(line, out _), isMvs = MvsListing.TryParseWithoutHeading(line, out _),
            isMember = MvsMemberListing.TryParseWithoutHeading(line, out _), isJes = JesListing.TryParseWithoutHeading(line, out _),
            isMachine = Fts.Protocol.Listings.MlsxListing.StartsWithFact(line) && Fts.Protocol.Listings.MlsxListing.TryParse(line, out _, out _),
            isNothing = UnixListing.IsTotal(line) || VmsListing.IsHeading(line) || ListingHeadings.IsHeading(line);
        int formats = new[] { isUnix, isDos, isNetWare, isEplf, isOs400, isVms, isNumeric, isConnect, isSizeFirst, isNameFirst, isOs9, isMvs, isMember, isJes, isMachine }.Count(isOne => isOne);
        FuzzAssert.True(formats <= 1, "a line is read by one format at most");
        FuzzAssert.True(formats == 0 || !isNothing, "a line that names an entry does not name nothing");
    }

    private static void MachineLine(string line)
    {
        if (Fts.Protocol.Listings.ListingParser.ParseMlsxLine(line) is { } entry)
        {
            Check(entry, line);
        }
    }

    /// <summary>The input is an entry's name and facts: what the server writes of it is read back.</summary>
    private static void Written(ReadOnlySpan<byte> input)
    {
        string name = FuzzTarget.Decode(input[..Math.Min(input.Length, LongestName)]).ReplaceLineEndings("");
        // No store has a slash in a name. Behind a folder's name it is the mark of ls -F.
        if (name.Length == 0 || name is "." or ".." || name.EndsWith('/') || Encoding.UTF8.GetByteCount(name) > LongestName || name.AsSpan().ContainsAny('\r', '\n'))
        {
            return;
        }

        var dice = new FuzzRandom((ulong)input.Length + input[0]);
        var row = new ListingRow
        {
            Name = name,
            Kind = dice.Next(2) == 0 ? FtpEntryKind.File : FtpEntryKind.Directory,
            Length = (long)dice.Next(int.MaxValue) * dice.Next(int.MaxValue),
            LastModified = DateTime.UnixEpoch.AddMinutes(dice.Next(int.MaxValue) % 1_000_000_000),
            Mode = (UnixFileMode)dice.Next(0x200),
            Permissions = "adfrw"u8,
            Id = (ulong)dice.Next(int.MaxValue),
            Sha256 = dice.Next(2) == 0 ? default : new byte[32],
        };
        Span<byte> line = stackalloc byte[ListingFormatter.MaxLineLength];
        string machine = Line(line, ListingFormatter.WriteMlsx(line, row, MlsxFacts.Default | MlsxFacts.Sha256)), unix = Line(line, ListingFormatter.WriteUnix(line, row, Todays[0]));
        ListingEntry? exact = Fts.Protocol.Listings.ListingParser.ParseMlsxLine(machine), dated = Fts.Protocol.Listings.ListingParser.ParseLine(unix, Todays[0]);
        FuzzAssert.Equal((name, row.Kind, (DateTime?)row.LastModified, (UnixFileMode?)row.Mode), (exact!.Name, exact.Kind, exact.LastModified, exact.UnixMode), "a line of MLSD comes back");
        FuzzAssert.Equal((name, row.Kind, row.LastModified.Date, (UnixFileMode?)row.Mode), (dated!.Name, dated.Kind, dated.LastModified!.Value.Date, dated.UnixMode), "a line of LIST comes back");
        FuzzAssert.True(row.Kind == FtpEntryKind.Directory || (exact.Length == row.Length && dated.Length == row.Length), "a length comes back");
    }

    private static string Line(ReadOnlySpan<byte> line, int length) => Encoding.UTF8.GetString(line[..(length - 2)]);
}
