using System.Text;
using Fts.FuzzTests.Engine;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Protocol.Listings.Dialects;
using Fts.Protocol.Listings.Unix;

namespace Fts.FuzzTests.Targets;

/// <summary>Listings in every format, through the reader and line by line, and the round trip of lines that the server writes.</summary>
internal static class ListingTargets
{
    private const int MaxNameLength = 255;

    /// <summary>The current time affects guessed years and the order of numbers: an ordinary time, the earliest and the latest.</summary>
    private static readonly DateTime[] Times = [new(2026, 3, 10, 12, 0, 0, DateTimeKind.Utc), DateTime.MinValue, DateTime.MaxValue];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. new[] { "list-unix", "list-dos", "list-eplf", "list-vms", "list-mvs", "list-os400", "list-netware", "list-uncommon",
            "list-other" }
            .Select(name => FuzzTarget.OfText(name, CheckListing) with { BytesPerByte = 512 }),
        FuzzTarget.OfText("list-any", CheckSingleFormat) with { Corpus = "list-unix", BytesPerByte = 128 },
        FuzzTarget.OfText("list-any-other", CheckSingleFormat) with { Corpus = "list-other", BytesPerByte = 128 },
        FuzzTarget.OfText("mlsd", CheckMlsd) with { Corpus = "mlsx", BytesPerByte = 512 },
        FuzzTarget.OfText("mlsx", CheckMlsxLine) with { ExpectedException = typeof(ListingFormatException) },
        new("list-written", CheckWrittenLine) { Weight = 50 },
    ];

    private static void CheckListing(string text) => Array.ForEach(Times, now => Read(text, new ListingReader(now)));

    private static void CheckMlsd(string text) => Read(text, new ListingReader(Times[0], isMlsd: true));

    private static void Read(string text, ListingReader reader)
    {
        string[] lines = text.Split('\n');
        int entries = 0;
        try
        {
            foreach (string line in lines)
            {
                reader.AddLine(line);
                DequeueAll();
            }

            reader.Complete();
            DequeueAll();
        }
        catch (ListingFormatException e)
        {
            FuzzAssert.True(text.Contains(e.RawLine, StringComparison.Ordinal), "an error has a line of the input");
        }

        FuzzAssert.True(entries <= lines.Length, "a line is one entry at most");

        void DequeueAll()
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
            FuzzAssert.True(entry.Name.Length == 0 && entry.RawLine is { Length: > 0 } &&
                text.Contains(entry.RawLine, StringComparison.Ordinal), "an unknown entry has its line and no name");
            return;
        }

        // z/VM writes the two parts of a name in separate columns.
        FuzzAssert.True(entry.Name.Length > 0 && (text.Contains(entry.Name, StringComparison.Ordinal) ||
            (entry.Source == FtpEntrySource.Other &&
                Array.TrueForAll(entry.Name.Split('.'), part =>
                    text.Contains(part, StringComparison.Ordinal)))), "a name is part of its lines");
        FuzzAssert.True(entry.LastModified is not { Kind: not DateTimeKind.Utc }, "a time is UTC");
        FuzzAssert.True(entry.Length is not < 0, "a length is null or not negative");
    }

    /// <summary>Every line matches at most one format.</summary>
    private static void CheckSingleFormat(string line)
    {
        bool isUnix = UnixListing.TryParse(line, Times[0], out _), isDos = DosListing.TryParse(line, out _),
            isNetWare = NetWareListing.TryParse(line, Times[0], out _),
            isEplf = EplfListing.TryParse(line, out _), isOs400 = Os400Listing.TryParse(line, Times[0], out _),
                isVms = VmsListing.TryParse(line, out _),
            isNumeric = UnixNumericListing.TryParse(line, out _), isConnect = ConnectEnterpriseListing.TryParse(line, Times[0], out _),
                isSizeFirst = SizeFirstListing.TryParse(line, out _),
            isNameFirst = NameFirstListing.TryParse(line, out _), isOs9 = Os9Listing.TryParse(line, out _),
                isMvs = MvsListing.TryParseWithoutHeading(line, out _),
            isMember = MvsMemberListing.TryParseWithoutHeading(line, out _), isJes = JesListing.TryParseWithoutHeading(line, out _),
            isMachine = Fts.Protocol.Listings.MlsxListing.StartsWithFact(line) &&
                Fts.Protocol.Listings.MlsxListing.TryParse(line, out _, out _),
            isHeading = UnixListing.IsTotal(line) || VmsListing.IsHeading(line) || ListingHeadings.IsHeading(line);
        int formats = new[] { isUnix, isDos, isNetWare, isEplf, isOs400, isVms, isNumeric, isConnect, isSizeFirst, isNameFirst, isOs9,
            isMvs, isMember, isJes, isMachine }.Count(isOne => isOne);
        FuzzAssert.True(formats <= 1, "a line matches at most one format");
        FuzzAssert.True(formats == 0 || !isHeading, "a line with an entry is not a heading");
    }

    private static void CheckMlsxLine(string line)
    {
        if (Fts.Protocol.Listings.ListingParser.ParseMlsxLine(line) is { } entry)
        {
            Check(entry, line);
        }
    }

    /// <summary>Creates an entry from the input, and verifies that the client reads the lines which the server writes for it.</summary>
    private static void CheckWrittenLine(ReadOnlySpan<byte> input)
    {
        string name = FuzzTarget.Decode(input[..Math.Min(input.Length, MaxNameLength)]).ReplaceLineEndings("");
        // Stores reject names with a slash. After the name of a directory, a slash is the suffix of ls -F.
        if (name.Length == 0 || name is "." or ".." || name.EndsWith('/') || Encoding.UTF8.GetByteCount(name) > MaxNameLength ||
            name.AsSpan().ContainsAny('\r', '\n'))
        {
            return;
        }

        var random = new FuzzRandom((ulong)input.Length + input[0]);
        var row = new ListingRow
        {
            Name = name,
            Kind = random.Next(2) == 0 ? FtpEntryKind.File : FtpEntryKind.Directory,
            Length = (long)random.Next(int.MaxValue) * random.Next(int.MaxValue),
            LastModified = DateTime.UnixEpoch.AddMinutes(random.Next(int.MaxValue) % 1_000_000_000),
            Mode = (UnixFileMode)random.Next(0x200),
            Permissions = "adfrw"u8,
            Id = (ulong)random.Next(int.MaxValue),
            Sha256 = random.Next(2) == 0 ? default : new byte[32],
        };
        Span<byte> line = stackalloc byte[ListingFormatter.MaxLineLength];
        string machine = Line(line, ListingFormatter.WriteMlsx(line, row, MlsxFacts.Default | MlsxFacts.Sha256)),
            unix = Line(line, ListingFormatter.WriteUnix(line, row, Times[0]));
        ListingEntry? exact = Fts.Protocol.Listings.ListingParser.ParseMlsxLine(machine),
            dated = Fts.Protocol.Listings.ListingParser.ParseLine(unix, Times[0]);
        FuzzAssert.Equal((name, row.Kind, (DateTime?)row.LastModified, (UnixFileMode?)row.Mode),
            (exact!.Name, exact.Kind, exact.LastModified, exact.UnixMode), "a line of MLSD survives the round trip");
        FuzzAssert.Equal((name, row.Kind, row.LastModified.Date, (UnixFileMode?)row.Mode),
            (dated!.Name, dated.Kind, dated.LastModified!.Value.Date, dated.UnixMode), "a line of LIST survives the round trip");
        FuzzAssert.True(row.Kind == FtpEntryKind.Directory ||
            (exact.Length == row.Length && dated.Length == row.Length), "a length survives the round trip");
    }

    private static string Line(ReadOnlySpan<byte> line, int length) => Encoding.UTF8.GetString(line[..(length - 2)]);
}
