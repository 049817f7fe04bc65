namespace Fts.Bench.Servers;

/// <summary>What the servers serve, made on tmpfs so that no disk is measured, and removed with the program. Only what the chosen scenarios need is made.</summary>
internal sealed class ServedFolder : IDisposable
{
    public const string BigFile = "big1g.bin", SmallFolder = "small", ListedFolder = "list100k";

    public const int SmallFiles = 5000, SmallLength = 4096, ListedFiles = 100_000;

    public const long BigLength = 1L << 30;

    public ServedFolder(IEnumerable<string> scenarios, IEnumerable<string> servers)
    {
        string[] wanted = [.. scenarios];
        Directory.CreateDirectory(Path);
        if (wanted.Any(name => name.StartsWith("get", StringComparison.Ordinal)))
        {
            MakeBigFile();
        }

        if (wanted.Any(name => name.StartsWith("small-get", StringComparison.Ordinal)))
        {
            string folder = Directory.CreateDirectory(this[SmallFolder]).FullName;
            byte[] bytes = new byte[SmallLength];
            for (int i = 0; i < SmallFiles; i++)
            {
                Random.Shared.NextBytes(bytes);
                File.WriteAllBytes(System.IO.Path.Combine(folder, Name(i)), bytes);
            }
        }

        if (wanted.Any(name => name.StartsWith("list", StringComparison.Ordinal)))
        {
            string folder = Directory.CreateDirectory(this[ListedFolder]).FullName;
            for (int i = 0; i < ListedFiles; i++)
            {
                File.Create(System.IO.Path.Combine(folder, $"file{i:000000}.dat"), 0).Dispose();
            }
        }

        foreach (string server in servers)
        {
            EmptyUploads(server);
        }
    }

    public string Path { get; } = System.IO.Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath(), $"fts-bench-{Environment.ProcessId}");

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public static string Name(int number) => $"f{number:00000}";

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

    private void MakeBigFile()
    {
        byte[] chunk = new byte[16 << 20];
        using FileStream file = File.Create(this[BigFile], 0);
        for (long made = 0; made < BigLength; made += chunk.Length)
        {
            Random.Shared.NextBytes(chunk);
            file.Write(chunk);
        }
    }
}
