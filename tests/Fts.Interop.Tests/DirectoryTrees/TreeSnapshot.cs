using System.Security.Cryptography;

namespace Fts.Interop.Tests.DirectoryTrees;

/// <summary>Describes a folder as lines of text: the path of every subfolder, and the path, size and hash of every file.</summary>
internal static class TreeSnapshot
{
    public static IReadOnlyList<string> Create(string folder)
    {
        IEnumerable<string> folders = Directory.EnumerateDirectories(folder, "*", s_includeHidden)
            .Select(path => Path.GetRelativePath(folder, path) + "/");
        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*", s_includeHidden)
            .Select(path => $"{Path.GetRelativePath(folder, path)} {DescribeFile(path)}");
        return [.. folders.Concat(files).Order(StringComparer.Ordinal)];
    }

    /// <summary>Returns the size in bytes and the SHA-256 hash of one file.</summary>
    public static string DescribeFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return $"{file.Length} {Convert.ToHexStringLower(SHA256.HashData(file))}";
    }

    public static void AssertEqual(string expectedFolder, string actualFolder) =>
        Assert.Equal(Create(expectedFolder), Create(actualFolder));

    public static void AssertSameFile(string expected, string actual) => Assert.Equal(DescribeFile(expected), DescribeFile(actual));

    /// <summary>Includes hidden names, so that a leftover staging file fails the comparison.</summary>
    private static readonly EnumerationOptions s_includeHidden =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
}
