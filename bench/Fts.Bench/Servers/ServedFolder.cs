namespace Fts.Bench.Servers;

/// <summary>What the servers serve, made on tmpfs so that no disk is measured, and removed with the program. Only what the chosen scenarios need is made.</summary>
internal sealed class ServedFolder : IDisposable
{
    public const string BigFile = "big1g.bin", TenthFile = "big100m.bin", QuarterFile = "big256m.bin", SmallFolder = "small", ListedFolder = "list100k", ListedTenth = "list10k", OneSmallFile = "small.bin";

    public const int SmallFiles = 5000, SmallLength = 4096, ListedFiles = 100_000, ParallelFiles = 16;

    public const long BigLength = 1L << 30, QuarterLength = BigLength / 4, ParallelLength = 64L << 20;

    /// <summary>What goes over the long link is fewer files: a round trip each would be minutes.</summary>
    public static readonly FileTree Tree = new("tree", 10, 1000), SmallTree = new("tree2000", 10, 200);

    public ServedFolder(IReadOnlyCollection<string> scenarios, IEnumerable<string> servers)
    {
        Directory.CreateDirectory(Path);
        if (Wants("get", "client-get", "latency-8", "growth-get"))
        {
            Make(BigFile, BigLength);
        }

        if (Wants("growth-get"))
        {
            Make(TenthFile, BigLength / 10);
        }

        if (Wants("client-get-50ms", "client-put-50ms"))
        {
            Make(QuarterFile, QuarterLength);
        }

        if (Wants("client-start"))
        {
            Make(OneSmallFile, SmallLength);
        }

        for (int i = 0; i < (Wants("par-") ? ParallelFiles : 0); i++)
        {
            Make(Parallel(i), ParallelLength);
        }

        if (Wants("small-get", "growth-small-get"))
        {
            MakeMany(SmallFolder, SmallFiles, Name, SmallLength);
        }

        foreach (FileTree tree in Wants("tree-") ? (FileTree[])[Tree, SmallTree] : [])
        {
            for (int i = 0; i < tree.Folders; i++)
            {
                MakeMany($"{tree.Name}/d{i}", tree.FilesPerFolder, Name, SmallLength);
            }
        }

        if (Wants("list-", "growth-list"))
        {
            MakeMany(ListedFolder, ListedFiles, number => $"file{number:000000}.dat", 0);
        }

        if (Wants("growth-list"))
        {
            MakeMany(ListedTenth, ListedFiles / 10, number => $"file{number:000000}.dat", 0);
        }

        foreach (string server in servers)
        {
            EmptyUploads(server);
        }

        bool Wants(params IEnumerable<string> families) => families.Any(family => scenarios.Any(name => name.StartsWith(family, StringComparison.Ordinal)));
    }

    public string Path { get; } = System.IO.Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath(), $"fts-bench-{Environment.ProcessId}");

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public static string Name(int number) => $"f{number:00000}";

    public static string Parallel(int number) => $"par{number:00}.bin";

    /// <summary>Each server stores into a folder of its own, as a user of its own: none could replace another's files.</summary>
    public static string Uploads(string server) => "up-" + server;

    /// <summary>Every round of uploads makes new files.</summary>
    public void EmptyUploads(string server)
    {
        string folder = this[Uploads(server)];
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>Noise, so that nothing on the way can shorten it; and of yesterday, for a file that changed just now may change again, and is not fetched in segments.</summary>
    private void Make(string name, long length)
    {
        byte[] chunk = new byte[Math.Min(length, 16 << 20)];
        using (FileStream file = File.Create(this[name], 0))
        {
            for (long left = length; left > 0; left -= chunk.Length)
            {
                Random.Shared.NextBytes(chunk);
                file.Write(chunk.AsSpan(0, (int)Math.Min(left, chunk.Length)));
            }
        }

        File.SetLastWriteTimeUtc(this[name], DateTime.UtcNow.AddDays(-1));
    }

    private void MakeMany(string folder, int count, Func<int, string> name, int length)
    {
        Directory.CreateDirectory(this[folder]);
        byte[] bytes = new byte[length];
        for (int i = 0; i < count; i++)
        {
            Random.Shared.NextBytes(bytes);
            File.WriteAllBytes(System.IO.Path.Combine(this[folder], name(i)), bytes);
        }
    }
}

/// <summary>Folders full of small files.</summary>
/// <param name="Name">Of the folder they are in.</param>
/// <param name="Folders">How many folders.</param>
/// <param name="FilesPerFolder">How many files in each.</param>
internal sealed record FileTree(string Name, int Folders, int FilesPerFolder)
{
    public int Files => Folders * FilesPerFolder;
}
