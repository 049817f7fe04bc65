using System.Security.Cryptography;
using Fts.Storage.Local.Staging;

namespace Fts.Storage.Local;

/// <summary>
/// Names for what is renamed by way of a third name. Not such as <see cref="StagingNames"/> makes: what a power cut leaves under one is somebody's file, and must be
/// seen.
/// </summary>
internal static class TemporaryRenameNames
{
    public static string Create() => ".renaming-" + RandomNumberGenerator.GetHexString(16, lowercase: true);
}
