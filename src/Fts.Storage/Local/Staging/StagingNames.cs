using System.Security.Cryptography;
using System.Text;

namespace Fts.Storage.Local.Staging;

/// <summary>A name that a partial upload to a file can have.</summary>
/// <param name="Name">The hidden name, or the real path in <see cref="PortablePartialUploads"/>.</param>
/// <param name="ContainsOnlyNewBytes">Whether the staging file contains only the bytes after the end of the committed file.</param>
internal readonly record struct PartialUploadName(string Name, bool ContainsOnlyNewBytes)
{
    /// <summary>Returns the offset in the uploaded file, in bytes, of the first byte of the staging file.</summary>
    public long GetBaseOffset(FileEntry? committed) => ContainsOnlyNewBytes ? committed!.Value.Length : 0;
}

/// <summary>The names of staging files, and of entries that are renamed in two steps.</summary>
internal static class StagingNames
{
    private const int HashLength = 24, UploaderLength = 12; // hexadecimal digits

    /// <summary>
    /// Caches the last uploader and the hash that identifies the uploader in names. Most uploads have the same uploader as the previous
    /// upload.
    /// </summary>
    private static Tuple<string, string>? s_lastUploader;

    /// <summary>Returns the name of an uploader's partial upload to a file.</summary>
    /// <param name="name">The name of the target in its directory.</param>
    /// <param name="uploader">The uploader.</param>
    /// <param name="continued">The committed file that the upload continues, or null if the upload began empty.</param>
    /// <param name="isAppend">Whether the staging file contains only the bytes after the end of the committed file.</param>
    /// <remarks>
    /// For equal arguments, the method returns the same name, so that any process finds the partial upload without a listing. The name
    /// contains a hash, because the target's name can already have the maximum length.
    /// </remarks>
    public static string GetPartialUploadName(string name, string uploader, FileEntry? continued = null, bool isAppend = false)
    {
        string rest = continued is { } file ? $"\0{uploader}\0{file.Id}\0{file.Length}\0{file.LastModified.Ticks}" : $"\0{uploader}";
        rest += isAppend ? "\0append" : "";
        // The bytes on disk are hashed, so that different names that are not UTF-8 have different staging files.
        string hash = Hash([.. EscapedUtf8.GetBytes(name), .. Encoding.UTF8.GetBytes(rest)]);
        return $"{PathRules.StagingPrefix}{hash}-{HashUploader(uploader)}";
    }

    /// <summary>
    /// Returns the hash that identifies the uploader in a partial upload's name, or null for a name that <see cref="GetPartialUploadName"/>
    /// did not return.
    /// </summary>
    public static string? GetUploaderHash(string name) =>
        name.Length == PathRules.StagingPrefix.Length + HashLength + 1 + UploaderLength && name[^(UploaderLength + 1)] == '-'
            ? name[^UploaderLength..]
            : null;

    /// <summary>
    /// Returns the names that an uploader's partial upload to a file can have: first the name of an upload that began empty, then the names
    /// of uploads that continue the committed file.
    /// </summary>
    public static PartialUploadName[] GetPartialUploadNames(string name, string uploader, FileEntry? committed) => committed is null
        ? [new PartialUploadName(GetPartialUploadName(name, uploader), ContainsOnlyNewBytes: false)]
        : [
            new PartialUploadName(GetPartialUploadName(name, uploader), ContainsOnlyNewBytes: false),
            new PartialUploadName(GetPartialUploadName(name, uploader, committed), ContainsOnlyNewBytes: false),
            new PartialUploadName(GetPartialUploadName(name, uploader, committed, isAppend: true), ContainsOnlyNewBytes: true),
        ];

    /// <summary>Returns the name of the record of an append (<see cref="AppendRecord"/>).</summary>
    /// <param name="inode">The inode number of the target, or 0 if the system has none.</param>
    /// <param name="name">The name of the target. It distinguishes targets without inode numbers.</param>
    /// <remarks>The inode number is the same for all hard links of a file and for all spellings of its name.</remarks>
    public static string GetAppendRecordName(ulong inode, string name) =>
        $"{PathRules.StagingPrefix}a{Hash(inode != 0 ? Encoding.ASCII.GetBytes($"{inode}") : EscapedUtf8.GetBytes(name))}";

    /// <summary>Returns whether a staging name is the name of an append record.</summary>
    public static bool IsAppendRecordName(string name) =>
        name.Length == PathRules.StagingPrefix.Length + 1 + HashLength
        && name.StartsWith(PathRules.StagingPrefix + "a", StringComparison.Ordinal);

    /// <summary>
    /// Returns a random hidden name, for a staging file that no uploader can resume under this name. Several servers that share a directory
    /// do not choose the same name.
    /// </summary>
    public static string CreateRandom() => $"{PathRules.StagingPrefix}x{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Returns a random temporary name for an entry that is renamed in two steps.</summary>
    /// <remarks>The name is not hidden, so that a client can find the entry if a power failure leaves it under this name.</remarks>
    public static string CreateForRename() => ".renaming-" + RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>Returns the hash that identifies an uploader in the names of the uploader's partial uploads.</summary>
    private static string HashUploader(string uploader)
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
