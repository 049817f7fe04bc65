using System.Security.Cryptography;

namespace Fts.Trust;

/// <summary>
/// The servers that used TLS before, in a text file with one record per line: <c>host:port SHA256:…</c> for a server that must keep its
/// key, and <c>host:port TLS</c> for a server that must have a certificate of a trusted authority. Other lines are kept unchanged.
/// </summary>
/// <remarks>
/// Several processes can use the file at the same time. A change holds a lock file, reads the records again and replaces the file
/// atomically. Readers need no lock.
/// </remarks>
internal sealed class KnownHosts(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// The maximum time to wait for the lock. A change takes milliseconds, so a process that holds the lock for this time has probably
    /// hung.
    /// </summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LockRetryInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>The file of the current user: <c>fts/known_hosts</c> in <c>XDG_CONFIG_HOME</c>, or in <c>~/.config</c>.</summary>
    public static KnownHosts ForUser { get; } = new(System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder && System.IO.Path.IsPathRooted(folder)
            ? folder
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "fts", "known_hosts"));

    /// <summary>The path of the file.</summary>
    public string Path => path;

    /// <summary>Returns the records of all servers, in the order of the file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user has no permission to read the file.</exception>
    public IReadOnlyList<KnownHost> GetAll() => [.. ReadLines().Select(ParseLine).OfType<KnownHost>()];

    /// <summary>
    /// Returns the record of a server, or null if there is none. The host may have any spelling that <see cref="ServerName"/> accepts.
    /// </summary>
    public KnownHost? Find(string server) => Find(ReadLines(), ServerName.Normalize(server));

    /// <summary>Records a server, and replaces any earlier record of the server.</summary>
    /// <exception cref="IOException">The file cannot be written, or another process holds its lock.</exception>
    public void Set(string server, string proof)
    {
        string name = ServerName.Normalize(server);
        using FileStream fileLock = AcquireLock();
        Save([.. ReadLines().Where(line => !IsRecordOf(line, name)), $"{name} {proof}"]);
    }

    /// <summary>
    /// Records a server, unless another process or connection has recorded it. Returns the existing record, or null if the server had none.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written, or another process holds its lock.</exception>
    public KnownHost? Add(string server, string proof)
    {
        string name = ServerName.Normalize(server);
        using FileStream fileLock = AcquireLock();
        string[] lines = ReadLines();
        if (Find(lines, name) is { } existing)
        {
            return existing;
        }

        Save([.. lines, $"{name} {proof}"]);
        return null;
    }

    /// <summary>Removes the record of a server. Returns false if the server has no record.</summary>
    /// <exception cref="IOException">The file cannot be written, or another process holds its lock.</exception>
    public bool Remove(string server)
    {
        string name = ServerName.Normalize(server);
        using FileStream fileLock = AcquireLock();
        string[] lines = ReadLines();
        string[] remaining = [.. lines.Where(line => !IsRecordOf(line, name))];
        if (remaining.Length == lines.Length)
        {
            return false;
        }

        Save(remaining);
        return true;
    }

    /// <summary>Returns the record in a line, or null if the line contains no record.</summary>
    internal static KnownHost? ParseLine(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var server, var proof] && !server.StartsWith('#')
            ? new KnownHost(ServerName.Normalize(server), proof)
            : null;

    /// <summary>
    /// Returns the record of a server, or null. If the server has two records, the record with a key is returned, because it is stricter.
    /// </summary>
    private static KnownHost? Find(string[] lines, string name)
    {
        IEnumerable<KnownHost> records = lines.Select(ParseLine).OfType<KnownHost>().Where(record => record.Server == name);
        return records.OrderByDescending(record => record.HasKey).Cast<KnownHost?>().FirstOrDefault();
    }

    private static bool IsRecordOf(string line, string name) => ParseLine(line) is { } record && record.Server == name;

    private static FileStreamOptions CreateStreamOptions(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    /// <summary>
    /// Returns whether the error means that another process holds the lock: EWOULDBLOCK of Linux and macOS, or the sharing violation of
    /// Windows.
    /// </summary>
    private static bool IsLockHeld(IOException e)
    {
        int wouldBlock = OperatingSystem.IsLinux() ? 11 : 35;
        return (e.HResult & 0xFFFF) == (OperatingSystem.IsWindows() ? 32 : wouldBlock);
    }

    private string[] ReadLines() => File.Exists(path) ? File.ReadAllLines(path) : [];

    /// <summary>
    /// Acquires the lock, waiting up to <see cref="LockTimeout"/>. Disposing the result releases the lock. The lock file is never deleted,
    /// because another process could still hold the deleted file.
    /// </summary>
    private FileStream AcquireLock()
    {
        string folder = System.IO.Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }

        long deadline = Environment.TickCount64 + (long)LockTimeout.TotalMilliseconds;
        while (true)
        {
            try
            {
                return new FileStream($"{path}.lock", CreateStreamOptions(FileMode.OpenOrCreate));
            }
            catch (IOException e) when (IsLockHeld(e))
            {
                if (Environment.TickCount64 > deadline)
                {
                    throw new IOException($"another process has held {path}.lock for {LockTimeout.TotalSeconds:F0} s", e);
                }

                Thread.Sleep(LockRetryInterval);
            }
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The caller reports the error that occurred first.
        }
    }

    /// <summary>Replaces the file in one step, so that a reader gets either the old or the new lines.</summary>
    private void Save(IEnumerable<string> lines)
    {
        string temporaryFile = $"{path}.{RandomNumberGenerator.GetHexString(8)}";
        try
        {
            using (var writer = new StreamWriter(temporaryFile, CreateStreamOptions(FileMode.CreateNew)))
            {
                foreach (string line in lines)
                {
                    writer.Write(line + "\n");
                }
            }

            File.Move(temporaryFile, path, overwrite: true);
        }
        catch
        {
            TryDelete(temporaryFile); // for example if the disk is full
            throw;
        }
    }
}
