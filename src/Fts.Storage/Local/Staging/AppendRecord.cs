using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// An append that is being applied to a committed file. The record is stored beside the file, so that a later process can complete or undo
/// the append.
/// </summary>
/// <param name="TargetName">The name of the committed file.</param>
/// <param name="TargetInode">The inode number of the committed file, or 0 if the system has none.</param>
/// <param name="OldLength">The length of the committed file before the append, in bytes.</param>
/// <param name="StagingName">The name of the staging file, which contains the bytes to append.</param>
/// <param name="AppendedLength">The length of the staging file, in bytes.</param>
internal sealed record AppendRecord(string TargetName, ulong TargetInode, long OldLength, string StagingName, long AppendedLength)
{
    /// <summary>The maximum size of a record in bytes. The longest part is the target name in hexadecimal digits.</summary>
    public const int MaxBytes = 4096;

    private const string Version = "fts-append 1";

    /// <summary>The length of the committed file after the append, in bytes.</summary>
    public long NewLength => OldLength + AppendedLength;

    /// <summary>The hidden name of the file that contains the record.</summary>
    public string Name => StagingNames.GetAppendRecordName(TargetInode, TargetName);

    /// <summary>Returns the content of the record file. The content ends with a hash, by which a damaged record is recognised.</summary>
    public byte[] ToBytes()
    {
        string name = Convert.ToHexStringLower(EscapedUtf8.GetBytes(TargetName));
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{Version}\n{TargetInode}\n{OldLength}\n{AppendedLength}\n{StagingName}\n{name}\n");
        return Encoding.ASCII.GetBytes($"{text}{Hash(text)}\n");
    }

    /// <summary>
    /// Returns the record that is stored in these bytes. Returns null if the record is damaged, does not belong to this record name, or
    /// contains a target name or a staging name that no append can have.
    /// </summary>
    public static AppendRecord? TryParse(ReadOnlySpan<byte> bytes, string recordName)
    {
        string text = Encoding.ASCII.GetString(bytes);
        string[] lines = text.Split('\n');
        bool isComplete = lines is [Version, _, _, _, _, _, var hash, ""] && hash == Hash(text[..^(hash.Length + 1)]);
        if (!isComplete
            || !ulong.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode)
            || !long.TryParse(lines[2], NumberStyles.None, CultureInfo.InvariantCulture, out long oldLength)
            || !long.TryParse(lines[3], NumberStyles.None, CultureInfo.InvariantCulture, out long appendedLength)
            || oldLength > long.MaxValue - appendedLength
            || TryParseName(lines[5]) is not { } targetName)
        {
            return null;
        }

        var record = new AppendRecord(targetName, inode, oldLength, lines[4], appendedLength);
        bool isStagingName = IsSingleName(record.StagingName) && PathRules.IsReserved(record.StagingName);
        return isStagingName && record.Name == recordName ? record : null;
    }

    /// <summary>
    /// Returns the target name that hexadecimal digits encode. Returns null if the name is invalid, or could refer to a staging file or to
    /// an entry outside the directory.
    /// </summary>
    private static string? TryParseName(string digits)
    {
        try
        {
            string name = EscapedUtf8.GetString(Convert.FromHexString(digits));
            return IsSingleName(name) && !PathRules.IsReserved(name) ? name : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Returns whether a name is a single component, and so refers to an entry directly in the directory.</summary>
    private static bool IsSingleName(string name) =>
        name is not ("" or "." or "..")
        && name.AsSpan().IndexOfAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar, '\0') < 0;

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));
}
