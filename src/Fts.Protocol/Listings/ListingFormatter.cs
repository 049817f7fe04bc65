using System.Buffers.Text;

namespace Fts.Protocol.Listings;

/// <summary>The values of one entry to be written as a line of a listing.</summary>
public readonly ref struct ListingRow
{
    /// <summary>The name. <see cref="EscapedUtf8"/> must convert it to at most 255 bytes.</summary>
    public required ReadOnlySpan<char> Name { get; init; }

    /// <summary>The kind of the entry.</summary>
    public required FtpEntryKind Kind { get; init; }

    /// <summary>The size in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>The last-modified time in UTC.</summary>
    public required DateTime LastModified { get; init; }

    /// <summary>The Unix permission bits.</summary>
    public required UnixFileMode Mode { get; init; }

    /// <summary>The letters of the <c>perm</c> fact (RFC 3659 §7.5.5), in ASCII.</summary>
    public required ReadOnlySpan<byte> Permissions { get; init; }

    /// <summary>A number that is the same for all names of one file, or 0 if the file has no such number.</summary>
    public required ulong Id { get; init; }

    /// <summary>The SHA-256 hash of the file, 32 bytes, or empty if it is not known.</summary>
    public ReadOnlySpan<byte> Sha256 { get; init; }
}

/// <summary>Writes the lines of a listing directly into a send buffer, without a string for each entry.</summary>
public static class ListingFormatter
{
    /// <summary>The buffer length in bytes that is sufficient for any line: a name of 255 bytes, the text before it and CRLF.</summary>
    public const int MaxLineLength = 512;

    private const int RecentDays = 180;

    /// <summary>Writes a line of MLSD with its CRLF (RFC 3659 §7.2). Returns the number of bytes written.</summary>
    /// <param name="line">Receives the line. It must have <see cref="MaxLineLength"/> bytes.</param>
    /// <param name="row">The values of the entry.</param>
    /// <param name="facts">The selected facts.</param>
    public static int WriteMlsx(Span<byte> line, in ListingRow row, MlsxFacts facts)
    {
        int at = WriteFacts(line, row, facts);
        at += EscapedUtf8.GetBytes(row.Name, line[at..]);
        return at + Write(line[at..], "\r\n"u8);
    }

    /// <summary>Writes the facts of an entry and the space after them, as in MLSD and MLST. Returns the number of bytes written.</summary>
    /// <param name="line">Receives the bytes. It must have <see cref="MaxLineLength"/> bytes.</param>
    /// <param name="row">The values of the entry.</param>
    /// <param name="facts">The selected facts. A fact without a value is omitted.</param>
    public static int WriteFacts(Span<byte> line, in ListingRow row, MlsxFacts facts)
    {
        int at = 0;
        if (facts.HasFlag(MlsxFacts.Type))
        {
            at += Write(line[at..], row.Kind switch
            {
                FtpEntryKind.File => "type=file;"u8,
                FtpEntryKind.Directory => "type=dir;"u8,
                FtpEntryKind.Link => "type=OS.unix=slink;"u8,
                _ => "type=OS.unix=special;"u8,
            });
        }

        if (facts.HasFlag(MlsxFacts.Size) && row.Kind == FtpEntryKind.File)
        {
            at += Write(line[at..], "size="u8);
            at += WriteNumber(line[at..], row.Length);
            line[at++] = (byte)';';
        }

        if (facts.HasFlag(MlsxFacts.Modify))
        {
            at += Write(line[at..], "modify="u8);
            at += WriteTime(line[at..], row.LastModified);
            line[at++] = (byte)';';
        }

        if (facts.HasFlag(MlsxFacts.Perm))
        {
            at += Write(line[at..], "perm="u8);
            at += Write(line[at..], row.Permissions);
            line[at++] = (byte)';';
        }

        if (facts.HasFlag(MlsxFacts.Unique) && row.Id != 0)
        {
            at += Write(line[at..], "unique="u8);
            at += Utf8Formatter.TryFormat(row.Id, line[at..], out int written, new System.Buffers.StandardFormat('x')) ? written : 0;
            line[at++] = (byte)';';
        }

        if (facts.HasFlag(MlsxFacts.UnixMode))
        {
            int mode = (int)row.Mode & 0x1FF;
            at += Write(line[at..], "UNIX.mode=0"u8);
            line[at++] = (byte)('0' + (mode >> 6));
            line[at++] = (byte)('0' + ((mode >> 3) & 7));
            line[at++] = (byte)('0' + (mode & 7));
            line[at++] = (byte)';';
        }

        if (facts.HasFlag(MlsxFacts.Sha256) && !row.Sha256.IsEmpty)
        {
            at += Write(line[at..], "X.sha256="u8);
            at += Convert.TryToHexStringLower(row.Sha256, line[at..], out int written) ? written : 0;
            line[at++] = (byte)';';
        }

        line[at++] = (byte)' ';
        return at;
    }

    /// <summary>Writes a line of LIST with its CRLF, in the format of <c>ls -l</c>. Returns the number of bytes written.</summary>
    /// <remarks>
    /// The line has the time of day if the last-modified time is within the last 180 days or the next day, and otherwise the year. Owner
    /// and group are always <c>ftp</c>.
    /// </remarks>
    /// <param name="line">Receives the line. It must have <see cref="MaxLineLength"/> bytes.</param>
    /// <param name="row">The values of the entry.</param>
    /// <param name="now">The current time in UTC.</param>
    public static int WriteUnix(Span<byte> line, in ListingRow row, DateTime now)
    {
        line[0] = row.Kind switch
        {
            FtpEntryKind.File => (byte)'-',
            FtpEntryKind.Directory => (byte)'d',
            FtpEntryKind.Link => (byte)'l',
            _ => (byte)'p',
        };
        for (int bit = 0; bit < 9; bit++)
        {
            line[1 + bit] = ((int)row.Mode & (0x100 >> bit)) != 0 ? "rwx"u8[bit % 3] : (byte)'-';
        }

        int at = 10 + Write(line[10..], " 1 ftp ftp "u8);
        at += WritePadded(line[at..], row.Length, 12);
        line[at++] = (byte)' ';
        row.LastModified.Deconstruct(out DateOnly date, out TimeOnly time);
        at += Write(line[at..], "JanFebMarAprMayJunJulAugSepOctNovDec"u8.Slice((date.Month - 1) * 3, 3));
        line[at++] = (byte)' ';
        at += WriteDigits(line[at..], date.Day, 2);
        line[at++] = (byte)' ';
        if (row.LastModified <= now.AddDays(1) && row.LastModified > now.AddDays(-RecentDays))
        {
            at += WriteDigits(line[at..], time.Hour, 2);
            line[at++] = (byte)':';
            at += WriteDigits(line[at..], time.Minute, 2);
        }
        else
        {
            line[at++] = (byte)' ';
            at += WriteDigits(line[at..], date.Year, 4);
        }

        line[at++] = (byte)' ';
        at += EscapedUtf8.GetBytes(row.Name, line[at..]);
        return at + Write(line[at..], "\r\n"u8);
    }

    private static int Write(Span<byte> to, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(to);
        return bytes.Length;
    }

    private static int WriteNumber(Span<byte> to, long number) => Utf8Formatter.TryFormat(number, to, out int written) ? written : 0;

    private static int WritePadded(Span<byte> to, long number, int width)
    {
        Span<byte> digits = stackalloc byte[20];
        int length = WriteNumber(digits, number);
        int padding = Math.Max(0, width - length);
        to[..padding].Fill((byte)' ');
        return padding + Write(to[padding..], digits[..length]);
    }

    private static int WriteTime(Span<byte> to, DateTime utc)
    {
        utc.Deconstruct(out DateOnly date, out TimeOnly time);
        int at = WriteDigits(to, date.Year, 4);
        at += WriteDigits(to[at..], date.Month, 2);
        at += WriteDigits(to[at..], date.Day, 2);
        at += WriteDigits(to[at..], time.Hour, 2);
        at += WriteDigits(to[at..], time.Minute, 2);
        return at + WriteDigits(to[at..], time.Second, 2);
    }

    private static int WriteDigits(Span<byte> to, int number, int digits)
    {
        for (int i = digits - 1; i >= 0; i--)
        {
            to[i] = (byte)('0' + (number % 10));
            number /= 10;
        }

        return digits;
    }
}
