namespace Fts.Interop.Tests.Processes;

/// <summary>
/// A program of the machine, or one unpacked under the folder that the environment variable FTS_TEST_PEERS names: server packages that exclude each
/// other cannot all be installed, but all can be unpacked.
/// </summary>
internal sealed record Tool(string Path, string? LibraryPath)
{
    private static readonly string? s_unpacked = Environment.GetEnvironmentVariable("FTS_TEST_PEERS") is { Length: > 0 } folder ? folder : null;

    /// <summary>The folder the program's package lies in: empty for an installed one.</summary>
    public string Prefix => LibraryPath is null ? "" : s_unpacked!;

    /// <summary>The program, or the test is skipped with the reason.</summary>
    public static Tool Require(string name)
    {
        Tool? tool = Find(name);
        Assert.SkipWhen(tool is null, $"{name} is not installed, nor under FTS_TEST_PEERS.");
        return tool!;
    }

    /// <summary>Debian's own interpreter comes first: it is the one that sees the modules Debian packages install.</summary>
    public static Tool RequirePython() => File.Exists("/usr/bin/python3") ? new Tool("/usr/bin/python3", null) : Require("python3");

    private static Tool? Find(string name)
    {
        string[] installed = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/usr/local/sbin", "/sbin"];
        if (installed.Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } path)
        {
            return new Tool(path, null);
        }

        string[] unpacked = s_unpacked is null ? [] : [$"{s_unpacked}/usr/sbin/{name}", $"{s_unpacked}/usr/bin/{name}"];
        return unpacked.FirstOrDefault(File.Exists) is { } found ? new Tool(found, FindLibraries(s_unpacked!)) : null;
    }

    private static string FindLibraries(string folder) =>
        Directory.Exists($"{folder}/usr/lib") ? string.Join(':', Directory.GetDirectories($"{folder}/usr/lib", "*-linux-gnu*").Append($"{folder}/usr/lib")) : "";
}
