using System.Security.Cryptography;
using System.Text;

namespace Fts.Client;

/// <summary>The hidden names, beside a target, of what a download has of it so far and of the <see cref="PartialRecord"/> that says what that is a part of.</summary>
internal static class PartialNames
{
    private const string End = ".fts-part", RecordEnd = ".fts-part-of";

    /// <summary>Bytes that every file system takes in a name.</summary>
    private const int LongestName = 255;

    public static string PartOf(string target) => Beside(target, Stem(target) + End);

    public static string RecordOf(string target) => Beside(target, Stem(target) + RecordEnd);

    /// <summary>A name that nobody else has, for what nobody is to find later.</summary>
    public static string OneOff(string target) => Beside(target, $".{Random.Shared.NextInt64():x16}{End}");

    public static bool IsOne(string name) => name.StartsWith('.') && (name.EndsWith(End, StringComparison.Ordinal) || name.EndsWith(RecordEnd, StringComparison.Ordinal));

    private static string Beside(string target, string name) => Path.Combine(Path.GetDirectoryName(target)!, name);

    private static string Stem(string target)
    {
        string name = Path.GetFileName(target);
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return "." + (1 + bytes.Length + RecordEnd.Length <= LongestName ? name : Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }
}
