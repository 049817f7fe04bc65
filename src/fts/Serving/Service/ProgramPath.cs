using Fts.Native;

namespace Fts.Serving.Service;

/// <summary>Finds the path with which this program was started.</summary>
internal static class ProgramPath
{
    /// <summary>Returns the path with which this program was started, which may contain symbolic links.</summary>
    /// <remarks>
    /// An update can replace a link to the program. A unit with the resolved path would then start the old program, which may be deleted.
    /// </remarks>
    /// <param name="resolved">The path without symbolic links, as .NET reports it.</param>
    public static string FindStarted(string resolved)
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? Find(File.ReadAllText("/proc/self/cmdline").Split('\0')[0], Environment.GetEnvironmentVariable("PATH"), resolved)
                : resolved;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return resolved;
        }
    }

    /// <summary>Returns the full path of the started file, or the resolved path if the name does not lead to it.</summary>
    /// <param name="name">The first word of the command line: a path, or a name that the shell found in PATH.</param>
    /// <param name="searchPath">The variable PATH.</param>
    /// <param name="resolved">The path without symbolic links.</param>
    internal static string Find(string name, string? searchPath, string resolved)
    {
        IEnumerable<string> candidates = name.Contains('/')
            ? [name]
            : (searchPath ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, name));
        return FileStatus.TryGet(resolved, flags: 0, out FileStatus program)
            && candidates.FirstOrDefault(IsProgram) is { Length: > 0 } found
            ? Path.GetFullPath(found)
            : resolved;

        bool IsProgram(string path) => FileStatus.TryGet(path, flags: 0, out FileStatus status) && status.IsSameFileAs(program);
    }
}
