using System.Security.Cryptography;
using Fts.Storage.Local.Staging;

namespace Fts.Storage.Local;

/// <summary>
/// Names for what is renamed by way of a third name. Not such as <see cref="PendingNames"/> makes: what a power cut leaves under one is somebody's file, and must be
/// seen.
/// </summary>
internal static class AsideNames
{
    public static string New() => ".renaming-" + RandomNumberGenerator.GetHexString(16, lowercase: true);
}
