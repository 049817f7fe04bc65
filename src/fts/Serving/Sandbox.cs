using System.CommandLine;
using Fts.Cli;

namespace Fts.Serving;

/// <summary>
/// The rules by which the kernel keeps the server to the folders it serves, its certificates and what its runtime reads, even where a check of ours had a
/// gap. Entered while there is only the main thread to do so: every thread that serves is started by it, or by one that was. The few the runtime started
/// before Main (its compiler's, its debugger's) never hear what a client says.
/// </summary>
/// <param name="Description">For the start screen.</param>
internal sealed record Sandbox(string Description)
{
    private const LandlockRights Read = LandlockRights.ReadFile | LandlockRights.ReadFolder;

    /// <summary>What a client can ask for. Nobody asks a file server for a device, a FIFO or a socket, nor to start a program.</summary>
    private const LandlockRights Serve = Read | LandlockRights.WriteFile | LandlockRights.Truncate | LandlockRights.MakeFile | LandlockRights.MakeFolder | LandlockRights.MakeLink |
        LandlockRights.RemoveFile | LandlockRights.RemoveFolder | LandlockRights.ChangeFolder;

    private static readonly Option<bool> Without = new("--no-sandbox");

    /// <summary>What the command line has to know.</summary>
    public static Option[] CommandLineOptions => [Without];

    /// <summary>Enters, for good, if the kernel has what it takes.</summary>
    /// <param name="line">May say not to.</param>
    /// <param name="served">Folders to read and write.</param>
    /// <param name="certificates">Files of certificates and keys, which are read again when they change.</param>
    /// <param name="own">The server's own certificate, which may have to be made; null if another is used.</param>
    public static Sandbox Enter(CommandLine line, IEnumerable<string> served, IEnumerable<string> certificates, string? own)
    {
        if (line.Has(Without))
        {
            return new Sandbox("off");
        }

        using Landlock? rules = Landlock.TryCreate(out string whyNot);
        if (rules is null)
        {
            return new Sandbox($"none: {whyNot}");
        }

        foreach (string folder in served)
        {
            rules.Allow(folder, Serve);
        }

        foreach (string path in certificates.SelectMany(PlacesOf))
        {
            rules.Allow(path, Read);
        }

        AllowOwn(rules, own);
        foreach (string path in RuntimeFiles.Folders.Concat(RuntimeFiles.Files))
        {
            rules.Allow(path, Read);
        }

        rules.Allow(RuntimeFiles.ThreadNames, Read | LandlockRights.WriteFile);
        RuntimeFiles.CloseDiagnostics();
        return new Sandbox(rules.Enter() is { } failure ? $"none: {failure}" : "the kernel keeps this process to these folders (Landlock)");
    }

    /// <summary>Where there is none yet its folder is made now, for nobody can allow what is not there.</summary>
    private static void AllowOwn(Landlock rules, string? own)
    {
        if (own is null)
        {
            return;
        }

        if (File.Exists(own))
        {
            foreach (string path in PlacesOf(own))
            {
                rules.Allow(path, Read);
            }

            return;
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(own))!;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then the certificate cannot be kept either, and is one for this run.
            return;
        }

        rules.Allow(folder, Read | LandlockRights.WriteFile | LandlockRights.MakeFile | LandlockRights.RemoveFile);
    }

    /// <summary>
    /// A file's folder, and that of the file a link in its place leads to: renewal puts a new file there, which a rule about the old one would not know.
    /// The root folder is everything; of a file there only the file is allowed, and it must be written in place.
    /// </summary>
    private static IEnumerable<string> PlacesOf(string file)
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

        return target is null ? [PlaceOf(path)] : [PlaceOf(path), PlaceOf(target.FullName)];
    }

    private static string PlaceOf(string path) => Path.GetDirectoryName(path) is { Length: > 1 } folder ? folder : path;
}
