namespace Fts.Interop.Tests.Processes;

/// <summary>
/// A program that is installed, or unpacked below the folder in the environment variable FTS_TEST_PEERS. Server packages that conflict with
/// each other cannot all be installed, but all can be unpacked.
/// </summary>
internal sealed record Tool(string Path, string? LibraryPath)
{
    private static readonly string? s_unpackedRoot =
        Environment.GetEnvironmentVariable("FTS_TEST_PEERS") is { Length: > 0 } folder ? folder : null;

    /// <summary>The folder into which the package of the program was unpacked. It is empty for an installed program.</summary>
    public string Prefix => LibraryPath is null ? "" : s_unpackedRoot!;

    /// <summary>Returns the program, or skips the test if the program is missing.</summary>
    public static Tool Require(string name)
    {
        Tool? tool = Find(name);
        Assert.SkipWhen(tool is null, $"{name} is neither installed nor unpacked below FTS_TEST_PEERS.");
        return tool!;
    }

    /// <summary>Returns the interpreter of Debian if it exists, because only that one finds the modules of Debian packages.</summary>
    public static Tool RequirePython() => File.Exists("/usr/bin/python3") ? new Tool("/usr/bin/python3", null) : Require("python3");

    private static Tool? Find(string name)
    {
        string[] searchPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        string[] folders = [.. searchPath, "/usr/sbin", "/usr/local/sbin", "/sbin"];
        if (folders.Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } installed)
        {
            return new Tool(installed, null);
        }

        string[] candidates = s_unpackedRoot is null ? [] : [$"{s_unpackedRoot}/usr/sbin/{name}", $"{s_unpackedRoot}/usr/bin/{name}"];
        return candidates.FirstOrDefault(File.Exists) is { } unpacked ? new Tool(unpacked, FindLibraries(s_unpackedRoot!)) : null;
    }

    private static string FindLibraries(string folder)
    {
        string libraries = $"{folder}/usr/lib";
        return Directory.Exists(libraries)
            ? string.Join(':', Directory.GetDirectories(libraries, "*-linux-gnu*").Append(libraries))
            : "";
    }
}
