using System.Security.Cryptography;

namespace Fts.Interop.Tests.DirectoryTrees;

/// <summary>What lies below a folder, as lines of text that can be compared: every folder by name, every file by name, size and hash.</summary>
internal static class TreeSnapshot
{
    public static IReadOnlyList<string> Create(string folder)
    {
        IEnumerable<string> folders = Directory.EnumerateDirectories(folder, "*", s_everything).Select(path => Path.GetRelativePath(folder, path) + "/");
        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*", s_everything).Select(path => $"{Path.GetRelativePath(folder, path)} {DescribeFile(path)}");
        return [.. folders.Concat(files).Order(StringComparer.Ordinal)];
    }

    /// <summary>Size and hash of one file.</summary>
    public static string DescribeFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return $"{file.Length} {Convert.ToHexStringLower(SHA256.HashData(file))}";
    }

    public static void AssertEqual(string expectedFolder, string actualFolder) => Assert.Equal(Create(expectedFolder), Create(actualFolder));

    public static void AssertSameFile(string expected, string actual) => Assert.Equal(DescribeFile(expected), DescribeFile(actual));

    /// <summary>Hidden names too: a pending upload that was left behind must show.</summary>
    private static readonly EnumerationOptions s_everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
}
