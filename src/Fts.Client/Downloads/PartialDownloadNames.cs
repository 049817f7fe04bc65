using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Fts.Client.Downloads;

/// <summary>
/// The names of the two hidden files beside a target: the partial file, and the <see cref="PartialDownloadRecord"/> that describes it.
/// </summary>
internal static class PartialDownloadNames
{
    private const string Suffix = ".fts-part", RecordSuffix = ".fts-part-of";

    private const int RandomDigits = 16;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>The maximum length of a file name in bytes. Common file systems support at least this length.</summary>
    private const int MaxNameBytes = 255;

    /// <summary>Returns the path of the partial file that a later download finds.</summary>
    public static string GetPartialPath(string target) => CombineWithDirectory(target, GetStem(target) + Suffix);

    /// <summary>Returns the path of the record that describes the partial file.</summary>
    public static string GetRecordPath(string target) => CombineWithDirectory(target, GetStem(target) + RecordSuffix);

    /// <summary>Returns a path with a random file name, so that no other download finds the file.</summary>
    public static string CreateTemporaryPath(string target) => CombineWithDirectory(target, $".{Random.Shared.NextInt64():x16}{Suffix}");

    /// <summary>
    /// Returns whether a file name has the form of a random name. The partial file of a target that is named with 16 hexadecimal digits has
    /// the same form, but also has a record.
    /// </summary>
    public static bool IsTemporaryName(ReadOnlySpan<char> name) =>
        name.Length == 1 + RandomDigits + Suffix.Length && name.StartsWith('.') && name.EndsWith(Suffix)
        && name.Slice(1, RandomDigits).IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>Returns the path of the record, given the path of the partial file that the record describes.</summary>
    public static string GetRecordPathOfPartialFile(string path) => path[..^Suffix.Length] + RecordSuffix;

    /// <summary>Returns whether a file name is that of a partial file or a record.</summary>
    public static bool IsPartialName(string name) =>
        name.StartsWith('.') && (name.EndsWith(Suffix, StringComparison.Ordinal) || name.EndsWith(RecordSuffix, StringComparison.Ordinal));

    private static string CombineWithDirectory(string target, string name) => Path.Combine(Path.GetDirectoryName(target)!, name);

    /// <summary>
    /// Returns a dot followed by the name of the target. If the name with a suffix would be too long, the hash of the name replaces the
    /// name.
    /// </summary>
    private static string GetStem(string target)
    {
        string name = Path.GetFileName(target);
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return "." + (1 + bytes.Length + RecordSuffix.Length <= MaxNameBytes ? name : Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }
}
