namespace Fts.Interop.Tests.DirectoryTrees;

/// <summary>
/// Files and folders with the names and sizes that break transfers: made once per run from a fixed seed, read by every test, changed by none.
/// </summary>
internal static class TestTree
{
    private const int Seed = 20_260_101;

    private static readonly Lazy<string> s_largeFile = new(CreateLargeFile);

    /// <summary>Sizes beside the edges of buffers, and none at all.</summary>
    private static readonly int[] s_sizes = [0, 1, 4095, 4096, 65_537];

    /// <summary>Names that a shell, an URL, a glob or a listing could misread.</summary>
    private static readonly string[] s_names =
    [
        "a b  c.txt", "it's \"quoted\".txt", "-rf", "100% #1 &?.txt", "star*[1].txt", "semi;colon=,.txt", ".hidden",
        "grüße/日本語.txt", "emoji 🚀.bin", "deep/a/b/c/d/e.txt", "no extension", "tilde~", "~home", "back\\slash.txt",
    ];

    /// <summary>50 MiB of noise.</summary>
    public static string LargeFile => s_largeFile.Value;

    /// <summary>Fills <paramref name="folder"/> with everything but the big file. Names for which <paramref name="isExcluded"/> says true are not made.</summary>
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
