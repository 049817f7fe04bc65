namespace Fts.Bench.Servers;

/// <summary>
/// The directory that the servers serve, on tmpfs, so that no disk is measured. Contains the files of the selected scenarios. Deleted by
/// <see cref="Dispose"/>.
/// </summary>
internal sealed class ServedDirectory : IDisposable
{
    public const string BigFile = "big1g.bin", TenthFile = "big100m.bin", QuarterFile = "big256m.bin", OneSmallFile = "small.bin";

    public const string SmallDirectory = "small", ListedDirectory = "list100k", ListedTenth = "list10k";

    public const int SmallFiles = 5000, SmallLength = 4096, ListedFiles = 100_000, ParallelFiles = 16;

    public const long BigLength = 1L << 30, QuarterLength = BigLength / 4, ParallelLength = 64L << 20;

    /// <summary>
    /// The trees for tree scenarios. Those for the long link have fewer files, because each file takes at least a round trip.
    /// <see cref="WideTree"/> has as many files as <see cref="SmallTree"/> in more directories.
    /// </summary>
    public static readonly FileTree Tree = new("tree", 10, 1000), SmallTree = new("tree2000", 10, 200), WideTree = new("tree200", 200, 10);

    public ServedDirectory(IReadOnlyCollection<string> scenarios, IEnumerable<string> servers)
    {
        Directory.CreateDirectory(Path);
        if (HasScenario("get", "client-get", "latency-8", "growth-get", "login-pbkdf2"))
        {
            CreateFile(BigFile, BigLength);
        }

        if (HasScenario("growth-get"))
        {
            CreateFile(TenthFile, BigLength / 10);
        }

        if (HasScenario("client-get-50ms", "client-put-50ms"))
        {
            CreateFile(QuarterFile, QuarterLength);
        }

        if (HasScenario("client-start"))
        {
            CreateFile(OneSmallFile, SmallLength);
        }

        for (int i = 0; i < (HasScenario("par-") ? ParallelFiles : 0); i++)
        {
            CreateFile(Parallel(i), ParallelLength);
        }

        if (HasScenario("small-get", "growth-small-get"))
        {
            CreateFiles(SmallDirectory, SmallFiles, Name, SmallLength);
        }

        FileTree[] trees = HasScenario("tree-") ? [Tree, SmallTree] : [];
        foreach (FileTree tree in HasScenario("dirs-") ? [.. trees, WideTree] : trees)
        {
            for (int i = 0; i < tree.Directories; i++)
            {
                CreateFiles($"{tree.Name}/d{i}", tree.FilesPerDirectory, Name, SmallLength);
            }
        }

        if (HasScenario("list-", "growth-list"))
        {
            CreateFiles(ListedDirectory, ListedFiles, number => $"file{number:000000}.dat", 0);
        }

        if (HasScenario("growth-list"))
        {
            CreateFiles(ListedTenth, ListedFiles / 10, number => $"file{number:000000}.dat", 0);
        }

        foreach (string server in servers)
        {
            EmptyUploads(server);
        }

        bool HasScenario(params IEnumerable<string> families) =>
            families.Any(family => scenarios.Any(name => name.StartsWith(family, StringComparison.Ordinal)));
    }

    public string Path { get; } = System.IO.Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath(), $"fts-bench-{Environment.ProcessId}");

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public static string Name(int number) => $"f{number:00000}";

    public static string Parallel(int number) => $"par{number:00}.bin";

    /// <summary>
    /// Returns the upload directory of a server. The servers run as different users, which cannot replace the files of another.
    /// </summary>
    public static string Uploads(string server) => "up-" + server;

    /// <summary>Deletes all files in the upload directory of a server.</summary>
    public void EmptyUploads(string server)
    {
        string directory = this[Uploads(server)];
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_111_111);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>
    /// Creates a file with random bytes, which cannot be compressed. Its time is in the past, because fts does not download a file in
    /// segments that changed recently.
    /// </summary>
    private void CreateFile(string name, long length)
    {
        byte[] chunk = new byte[Math.Min(length, 16 << 20)];
        using (FileStream file = File.Create(this[name], 0))
        {
            for (long remaining = length; remaining > 0; remaining -= chunk.Length)
            {
                Random.Shared.NextBytes(chunk);
                file.Write(chunk.AsSpan(0, (int)Math.Min(remaining, chunk.Length)));
            }
        }

        File.SetLastWriteTimeUtc(this[name], DateTime.UtcNow.AddDays(-1));
    }

    private void CreateFiles(string directory, int count, Func<int, string> name, int length)
    {
        Directory.CreateDirectory(this[directory]);
        byte[] bytes = new byte[length];
        for (int i = 0; i < count; i++)
        {
            Random.Shared.NextBytes(bytes);
            File.WriteAllBytes(System.IO.Path.Combine(this[directory], name(i)), bytes);
        }
    }
}

/// <summary>A directory tree with small files.</summary>
/// <param name="Name">The name of its root.</param>
/// <param name="Directories">The number of directories.</param>
/// <param name="FilesPerDirectory">The number of files in each directory.</param>
internal sealed record FileTree(string Name, int Directories, int FilesPerDirectory)
{
    public int Files => Directories * FilesPerDirectory;
}
