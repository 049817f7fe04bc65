using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Serving;

/// <summary>
/// Restricts the process to the served folders, its certificates and the files of its runtime. The kernel enforces the restriction, even if
/// the server fails to check a path.
/// </summary>
/// <remarks>
/// The main thread enters the sandbox before it starts other threads, so that they inherit the restriction. Threads that the runtime starts
/// before Main, such as compiler and debugger threads, never process input of a client.
/// </remarks>
/// <param name="Description">The state of the sandbox, for the start screen.</param>
internal sealed record Sandbox(string Description)
{
    private const LandlockRights ReadRights = LandlockRights.ReadFile | LandlockRights.ReadFolder;

    /// <summary>The rights that requests of clients need. They exclude devices, FIFOs, sockets and the execution of programs.</summary>
    private const LandlockRights ServeRights = ReadRights | LandlockRights.WriteFile | LandlockRights.Truncate | LandlockRights.MakeFile |
        LandlockRights.MakeFolder | LandlockRights.MakeLink | LandlockRights.RemoveFile | LandlockRights.RemoveFolder |
        LandlockRights.MoveBetweenFolders;

    /// <summary>The rights that the database needs. Its log files are created and removed while the server runs.</summary>
    private const LandlockRights StateRights = ReadRights | LandlockRights.WriteFile | LandlockRights.Truncate |
        LandlockRights.MakeFile | LandlockRights.MakeSocket | LandlockRights.RemoveFile;

    private static readonly Option<bool> DisableOption = new("--no-sandbox")
    {
        Description = "do not restrict the process to the shared folders (Landlock, Linux only)",
    };

    /// <summary>Whether the kernel restricts the process.</summary>
    public bool IsActive { get; private init; }

    /// <summary>The option of the sandbox.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Sandbox", DisableOption);

    /// <summary>Restricts the process permanently, if the kernel supports it and <c>--no-sandbox</c> is not given.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="servedFolders">The folders to read and write.</param>
    /// <param name="certificates">The files of certificates and keys, which are read again when they change.</param>
    /// <param name="ownCertificateFile">
    /// The file of the self-signed certificate, which may not exist yet. Null if the server uses another certificate or no TLS.
    /// </param>
    /// <param name="stateDirectory">The directory with the database, to read and write. Null if the server has no accounts.</param>
    /// <param name="logFile">The log file, or null. Its folder is allowed, because SIGHUP creates a new file in it.</param>
    /// <returns>The state of the sandbox.</returns>
    public static Sandbox Enter(
        CommandLine line, IEnumerable<string> servedFolders, IEnumerable<string> certificates, string? ownCertificateFile,
        string? stateDirectory = null, string? logFile = null)
    {
        if (line.HasOption(DisableOption))
        {
            return new Sandbox("off");
        }

        using Landlock? rules = Landlock.TryCreate(out string reason);
        if (rules is null)
        {
            return new Sandbox($"none: {reason}");
        }

        foreach (string folder in servedFolders)
        {
            rules.Allow(folder, ServeRights);
        }

        foreach (string path in certificates.SelectMany(GetReadPaths))
        {
            rules.Allow(path, ReadRights);
        }

        if (stateDirectory is not null)
        {
            rules.Allow(stateDirectory, StateRights);
        }

        AllowOwnCertificate(rules, ownCertificateFile);
        foreach (string path in GetLogPaths(logFile))
        {
            rules.Allow(path, LandlockRights.WriteFile | LandlockRights.MakeFile);
        }

        foreach (string path in RuntimeFiles.Folders.Concat(RuntimeFiles.Files))
        {
            rules.Allow(path, ReadRights);
        }

        rules.Allow(RuntimeFiles.ThreadNamesFolder, ReadRights | LandlockRights.WriteFile);
        RuntimeFiles.DeleteDiagnosticPipes();
        return rules.Enter() is { } failure
            ? new Sandbox($"none: {failure}")
            : new Sandbox("process restricted to these folders (Landlock)") { IsActive = true };
    }

    /// <summary>
    /// Returns the folders of a log file, in which the server can create and change files: that of its path, and that of the target if it
    /// is a link. Empty for a device or a pipe, whose open descriptor needs no rule.
    /// </summary>
    /// <param name="logFile">The log file, or null for none.</param>
    public static IEnumerable<string> GetLogPaths(string? logFile) => logFile is null
        ? []
        : GetReadPaths(logFile).Where(path => path is not "/dev" && !path.StartsWith("/proc", StringComparison.Ordinal));

    /// <summary>
    /// Allows access to the self-signed certificate. Creates its folder if needed, because a rule needs an existing path.
    /// </summary>
    private static void AllowOwnCertificate(Landlock rules, string? ownCertificateFile)
    {
        if (ownCertificateFile is null)
        {
            return;
        }

        if (File.Exists(ownCertificateFile))
        {
            foreach (string path in GetReadPaths(ownCertificateFile))
            {
                rules.Allow(path, ReadRights);
            }

            return;
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(ownCertificateFile))!;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The certificate cannot be stored either, so the server creates one for this run.
            return;
        }

        rules.Allow(folder, ReadRights | LandlockRights.WriteFile | LandlockRights.MakeFile | LandlockRights.RemoveFile);
    }

    /// <summary>
    /// Returns the paths that the sandbox must allow for reading a certificate file: its folder, and the folder of its target if the file
    /// is a symbolic link. The folder is allowed because a renewal creates a new file, to which a rule for the old file would not apply.
    /// For a file in the root folder, returns only the file.
    /// </summary>
    private static IEnumerable<string> GetReadPaths(string file)
    {
        string path = Path.GetFullPath(file);
        FileSystemInfo? target = null;
        try
        {
            target = File.ResolveLinkTarget(path, returnFinalTarget: true);
        }
        catch (IOException)
        {
            // The file does not exist, or its links form a loop. The code that reads the file reports the error.
        }

        return target is null ? [GetFolderOrFile(path)] : [GetFolderOrFile(path), GetFolderOrFile(target.FullName)];
    }

    private static string GetFolderOrFile(string path) => Path.GetDirectoryName(path) is { Length: > 1 } folder ? folder : path;
}
