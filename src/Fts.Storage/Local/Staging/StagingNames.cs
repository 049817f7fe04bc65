using System.Security.Cryptography;
using System.Text;

namespace Fts.Storage.Local.Staging;

/// <summary>Names for pending files.</summary>
internal static class StagingNames
{
    private const int HashLength = 24, UploaderLength = 12;

    /// <summary>
    /// The place of the one upload of a name that an uploader can continue: always the same, so that it is found without looking through the folder, by another
    /// process too. A hash, because the name itself may be as long as the file system allows.
    /// </summary>
    /// <param name="name">The name in its folder.</param>
    /// <param name="uploader">Whose upload.</param>
    /// <param name="copied">The committed file that it began as a copy of; null for one that began empty.</param>
    public static string GetPartialUploadName(string name, string uploader, FileEntry? copied = null)
    {
        string rest = copied is { } file ? $"\0{uploader}\0{file.Id}\0{file.Length}\0{file.LastModified.Ticks}" : $"\0{uploader}";
        // Hash the bytes of the name on disk, so that two names that are not UTF-8 have different staging files.
        string hash = Hash([.. EscapedUtf8.GetBytes(name), .. Encoding.UTF8.GetBytes(rest)]);
        return $"{PathRules.StagingPrefix}{hash}-{Hash(Encoding.UTF8.GetBytes(uploader)).AsSpan(0, UploaderLength)}";
    }

    /// <summary>Returns the part of a name made by <see cref="GetPartialUploadName"/> that identifies its uploader; null for other names.</summary>
    public static string? GetUploaderHash(string name) =>
        name.Length == PathRules.StagingPrefix.Length + HashLength + 1 + UploaderLength && name[^(UploaderLength + 1)] == '-' ? name[^UploaderLength..] : null;

    /// <summary>The places in which to look for what can be continued.</summary>
    public static IEnumerable<string> GetPartialUploadNames(string name, string uploader, FileEntry? committed) =>
        committed is null ? [GetPartialUploadName(name, uploader)] : [GetPartialUploadName(name, uploader), GetPartialUploadName(name, uploader, committed)];

    /// <summary>For any other pending file. Random and not counted: several servers may share a folder.</summary>
    public static string CreateRandom() => $"{PathRules.StagingPrefix}x{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>
    /// Returns a random name for an entry that is renamed in two steps. It is not hidden, because an entry that a power failure leaves under it belongs to a client.
    /// </summary>
    public static string CreateForRename() => ".renaming-" + RandomNumberGenerator.GetHexString(16, lowercase: true);

    private static string Hash(ReadOnlySpan<byte> text) => Convert.ToHexStringLower(SHA256.HashData(text).AsSpan(0, HashLength / 2));
}
