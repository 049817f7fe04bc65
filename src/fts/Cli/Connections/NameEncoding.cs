using System.Globalization;
using System.Text;

namespace Fts.Cli.Connections;

/// <summary>Finds the encoding that <c>--encoding</c> names, for servers whose file names are not in UTF-8.</summary>
internal static class NameEncoding
{
    private const string Examples = "utf-8, latin1, windows-1251, windows-1252, gbk, gb18030, " +
        "big5, shift_jis, euc-jp, euc-kr, koi8-r, cp437";

    /// <summary>Returns the encoding with a name, or UTF-8 if the name is null.</summary>
    /// <exception cref="UserErrorException">The encoding is unknown, or cannot encode FTP commands.</exception>
    public static Encoding FindEncoding(string? name)
    {
        if (name is null)
        {
            return Encoding.UTF8;
        }

        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        try
        {
            Encoding encoding = ParseCodePage(name) is { } page ? Encoding.GetEncoding(page) : Encoding.GetEncoding(NormalizeName(name));
            // UTF-16, UTF-32, UTF-7 and EBCDIC do not encode ASCII as the same bytes.
            return encoding.GetBytes("LIST ~+&\r\n").AsSpan().SequenceEqual("LIST ~+&\r\n"u8)
                ? encoding
                : throw CommandLine.CreateUsageError(
                    $"--encoding {name}: not supported, because it does not encode ASCII unchanged, as FTP commands require; " +
                    $"use, for example, {Examples}");
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw CommandLine.CreateUsageError($"--encoding {name}: unknown encoding; use, for example, {Examples}");
        }
    }

    /// <summary>Returns the code page in a name such as cp1252, windows1252 or 1252, or null if the name has another form.</summary>
    private static int? ParseCodePage(string name)
    {
        string digits = name.TrimStart("windowsibmcp-_WINDOWSIBMCP".ToCharArray());
        return digits.Length is >= 3 and <= 5 && !name.StartsWith("iso", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int page) ? page : null;
    }

    /// <summary>Returns the name that .NET uses for an encoding with several common names.</summary>
    private static string NormalizeName(string name) => name.ToLowerInvariant().Replace('_', '-') switch
    {
        "utf8" or "utf-8" => "utf-8",
        "latin-1" or "latin1" or "iso8859-1" or "iso88591" => "iso-8859-1",
        "latin-9" or "latin9" or "iso8859-15" => "iso-8859-15",
        "sjis" or "shift-jis" or "shiftjis" or "ms-kanji" => "shift_jis",
        "eucjp" => "euc-jp",
        "euckr" => "euc-kr",
        "koi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        _ => name,
    };
}
