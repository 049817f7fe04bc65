using System.Security.Cryptography;
using System.Text;

namespace Fts.Storage.Local.Staging;

/// <summary>The names of staging files, and of entries that are renamed in two steps.</summary>
internal static class StagingNames
{
    private const int HashLength = 24, UploaderLength = 12;

    /// <summary>The last uploader and the part of a name that identifies it. Most uploads follow one of the same uploader.</summary>
    private static Tuple<string, string>? s_lastUploader;

    /// <summary>Returns the name of an uploader's partial upload to a file.</summary>
    /// <param name="name">The name of the target in its directory.</param>
    /// <param name="uploader">The uploader.</param>
    /// <param name="copied">The committed file of which the upload began as a copy, or null if it began empty.</param>
    /// <remarks>
    /// Equal arguments return the same name, so that any process finds the partial upload without a listing. The name is a hash, because
    /// the target's name can already have the maximum length.
    /// </remarks>
    public static string GetPartialUploadName(string name, string uploader, FileEntry? copied = null)
    {
        string rest = copied is { } file ? $"\0{uploader}\0{file.Id}\0{file.Length}\0{file.LastModified.Ticks}" : $"\0{uploader}";
        // The bytes on disk are hashed, so that different names that are not UTF-8 have different staging files.
        string hash = Hash([.. EscapedUtf8.GetBytes(name), .. Encoding.UTF8.GetBytes(rest)]);
        return $"{PathRules.StagingPrefix}{hash}-{GetUploaderPart(uploader)}";
    }

    /// <summary>
    /// Returns the part of a partial upload's name that identifies the uploader, or null for a name that <see cref="GetPartialUploadName"/>
    /// did not return.
    /// </summary>
    public static string? GetUploaderHash(string name) =>
        name.Length == PathRules.StagingPrefix.Length + HashLength + 1 + UploaderLength && name[^(UploaderLength + 1)] == '-'
            ? name[^UploaderLength..]
            : null;

    /// <summary>Returns the names that an uploader's partial upload to a file can have.</summary>
    public static IEnumerable<string> GetPartialUploadNames(string name, string uploader, FileEntry? committed) => committed is null
        ? [GetPartialUploadName(name, uploader)]
        : [GetPartialUploadName(name, uploader), GetPartialUploadName(name, uploader, committed)];

    /// <summary>Returns a name for any other staging file. It is random, because several servers can share a directory.</summary>
    public static string CreateRandom() => $"{PathRules.StagingPrefix}x{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Returns a random temporary name for an entry that is renamed in two steps.</summary>
    /// <remarks>The name is not hidden, so that a client can find the entry if a power failure leaves it under this name.</remarks>
    public static string CreateForRename() => ".renaming-" + RandomNumberGenerator.GetHexString(16, lowercase: true);

    private static string GetUploaderPart(string uploader)
    {
        Tuple<string, string>? last = s_lastUploader;
        if (last is null || last.Item1 != uploader)
        {
            s_lastUploader = last = new(uploader, Hash(Encoding.UTF8.GetBytes(uploader))[..UploaderLength]);
        }

        return last.Item2;
    }

    private static string Hash(ReadOnlySpan<byte> text) => Convert.ToHexStringLower(SHA256.HashData(text).AsSpan(0, HashLength / 2));
}
