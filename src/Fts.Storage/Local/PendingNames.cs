using System.Security.Cryptography;
using System.Text;

namespace Fts.Storage.Local;

/// <summary>Names for pending files.</summary>
internal static class PendingNames
{
    /// <summary>
    /// The place of the one upload of a name that can be continued: always the same, so that it is found without looking through the folder, by another
    /// process too. A hash, because the name itself may be as long as the file system allows.
    /// </summary>
    public static string For(string name)
    {
        Span<byte> utf8 = stackalloc byte[StorePath.MaxNameBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(name, utf8)], hash);
        return PathRules.PendingPrefix + Convert.ToHexStringLower(hash[..12]);
    }

    /// <summary>For any other pending file. Random and not counted: several servers may share a folder.</summary>
    public static string New() => $"{PathRules.PendingPrefix}x{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
}
