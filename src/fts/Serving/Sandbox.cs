using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Serving;

/// <summary>
/// The rules by which the kernel keeps the server to the folders it serves, its certificates and what its runtime reads, even where a check of ours had a
/// gap. Entered while there is only the main thread to do so: every thread that serves is started by it, or by one that was. The few the runtime started
/// before Main (its compiler's, its debugger's) never hear what a client says.
/// </summary>
/// <param name="Description">For the start screen.</param>
internal sealed record Sandbox(string Description)
{
    private const LandlockRights ReadRights = LandlockRights.ReadFile | LandlockRights.ReadFolder;

    /// <summary>What a client can ask for. Nobody asks a file server for a device, a FIFO or a socket, nor to start a program.</summary>
    private const LandlockRights ServeRights = ReadRights | LandlockRights.WriteFile | LandlockRights.Truncate | LandlockRights.MakeFile | LandlockRights.MakeFolder | LandlockRights.MakeLink |
        LandlockRights.RemoveFile | LandlockRights.RemoveFolder | LandlockRights.ChangeFolder;

    private static readonly Option<bool> DisableOption = new("--no-sandbox")
    {
        Description = "do not let the kernel restrict the process to the shared folders (Landlock, Linux only)",
    };

    /// <summary>The option of the sandbox.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Sandbox", DisableOption);

    /// <summary>Enters, for good, if the kernel has what it takes.</summary>
    /// <param name="line">May say not to.</param>
    /// <param name="servedFolders">Folders to read and write.</param>
    /// <param name="certificates">Files of certificates and keys, which are read again when they change.</param>
    /// <param name="ownCertificateFile">The server's own certificate, which may have to be made; null if another is used.</param>
    public static Sandbox Enter(CommandLine line, IEnumerable<string> servedFolders, IEnumerable<string> certificates, string? ownCertificateFile)
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

        AllowOwnCertificate(rules, ownCertificateFile);
        foreach (string path in RuntimeFiles.Folders.Concat(RuntimeFiles.Files))
        {
            rules.Allow(path, ReadRights);
        }

        rules.Allow(RuntimeFiles.ThreadNamesFolder, ReadRights | LandlockRights.WriteFile);
        RuntimeFiles.CloseDiagnostics();
        return new Sandbox(rules.Enter() is { } failure ? $"none: {failure}" : "the kernel keeps this process to these folders (Landlock)");
    }

    /// <summary>Where there is none yet its folder is made now, for nobody can allow what is not there.</summary>
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
            // Then the certificate cannot be kept either, and is one for this run.
            return;
        }

        rules.Allow(folder, ReadRights | LandlockRights.WriteFile | LandlockRights.MakeFile | LandlockRights.RemoveFile);
    }

    /// <summary>
    /// A file's folder, and that of the file a link in its place leads to: renewal puts a new file there, which a rule about the old one would not know.
    /// The root folder is everything; of a file there only the file is allowed, and it must be written in place.
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
            // Not there, or links in a circle: whoever reads it says so.
        }

        return target is null ? [GetFolderOrFile(path)] : [GetFolderOrFile(path), GetFolderOrFile(target.FullName)];
    }

    private static string GetFolderOrFile(string path) => Path.GetDirectoryName(path) is { Length: > 1 } folder ? folder : path;
}
