using System.Security.Cryptography;

namespace Fts.Storage.Local;

/// <summary>Names for pending files. Random and not counted: several servers may share a folder, and nobody should be able to guess one and wait there.</summary>
internal static class PendingNames
{
    public static string New() => PathRules.PendingPrefix + RandomNumberGenerator.GetHexString(16, lowercase: true);
}
