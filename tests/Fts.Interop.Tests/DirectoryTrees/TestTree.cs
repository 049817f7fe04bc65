namespace Fts.Interop.Tests.DirectoryTrees;

/// <summary>
/// Creates files and folders with names and sizes that are likely to break transfers. The contents come from a fixed seed.
/// </summary>
internal static class TestTree
{
    private const int Seed = 20_260_101;

    private static readonly Lazy<string> s_largeFile = new(CreateLargeFile);

    /// <summary>Zero, one, and sizes next to the sizes of buffers.</summary>
    private static readonly int[] s_sizes = [0, 1, 4095, 4096, 65_537];

    /// <summary>Names that a shell, a URL, a glob or a listing could misinterpret.</summary>
    private static readonly string[] s_names =
    [
        "a b  c.txt", "it's \"quoted\".txt", "-rf", "100% #1 &?.txt", "star*[1].txt", "semi;colon=,.txt", ".hidden",
        "grüße/日本語.txt", "emoji 🚀.bin", "deep/a/b/c/d/e.txt", "no extension", "tilde~", "~home", "back\\slash.txt",
    ];

    /// <summary>The path of a file with 50 MiB of random bytes. The file is created once per run and must not be changed.</summary>
    public static string LargeFile => s_largeFile.Value;

    /// <summary>
    /// Creates the tree in <paramref name="folder"/>, without the large file and the names that <paramref name="isExcluded"/> matches.
    /// </summary>
    public static string Create(string folder, Func<string, bool>? isExcluded = null)
    {
        var random = new Random(Seed);
        Directory.CreateDirectory(Path.Combine(folder, "empty folder", "in it, another"));
        IEnumerable<(string Name, int Size)> files =
            [.. s_sizes.Select(size => ($"sizes/{size}.bin", size)), .. s_names.Select((name, index) => (name, 100 + (index * 977)))];
        foreach ((string name, int size) in files.Where(file => isExcluded?.Invoke(file.Name) != true))
        {
            byte[] bytes = new byte[size];
            random.NextBytes(bytes);
            string path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }

        return folder;
    }

    private static string CreateLargeFile()
    {
        string path = Path.GetTempFileName();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(path);
        byte[] bytes = new byte[50 << 20];
        new Random(Seed).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        File.SetUnixFileMode(path, (UnixFileMode)0b110_100_100);
        return path;
    }
}
