using System.Security.Cryptography;
using System.Text;

namespace Fts.Client.Downloads;

/// <summary>The hidden names, beside a target, of what a download has of it so far and of the <see cref="PartialDownloadRecord"/> that says what that is a part of.</summary>
internal static class PartialDownloadNames
{
    private const string Suffix = ".fts-part", RecordSuffix = ".fts-part-of";

    /// <summary>Bytes that every file system takes in a name.</summary>
    private const int MaxNameBytes = 255;

    public static string GetPartialPath(string target) => CombineWithDirectory(target, GetStem(target) + Suffix);

    public static string GetRecordPath(string target) => CombineWithDirectory(target, GetStem(target) + RecordSuffix);

    /// <summary>A name that nobody else has, for what nobody is to find later.</summary>
    public static string CreateTemporaryPath(string target) => CombineWithDirectory(target, $".{Random.Shared.NextInt64():x16}{Suffix}");

    public static bool IsPartialName(string name) => name.StartsWith('.') && (name.EndsWith(Suffix, StringComparison.Ordinal) || name.EndsWith(RecordSuffix, StringComparison.Ordinal));

    private static string CombineWithDirectory(string target, string name) => Path.Combine(Path.GetDirectoryName(target)!, name);

    private static string GetStem(string target)
    {
        string name = Path.GetFileName(target);
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return "." + (1 + bytes.Length + RecordSuffix.Length <= MaxNameBytes ? name : Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }
}
