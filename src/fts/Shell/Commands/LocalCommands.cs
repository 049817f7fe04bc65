using System.Diagnostics;
using System.Globalization;
using Fts.Cli;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The commands that concern this machine only.</summary>
internal static class LocalCommands
{
    /// <summary><c>lls</c>.</summary>
    public static Task<ExitCode> LlsAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        var folder = new DirectoryInfo(arguments.Count == 0 ? "." : LocalFileFinder.ExpandHome(arguments[0].Text));
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            bool isFolder = entry is DirectoryInfo;
            string size = entry is FileInfo file ? file.Length.ToString(CultureInfo.InvariantCulture) : "";
            shell.Terminal.WriteData(string.Create(CultureInfo.InvariantCulture,
                $"{(isFolder ? 'd' : '-')} {size,12}  {entry.LastWriteTimeUtc:yyyy-MM-dd HH:mm}  {entry.Name.ToPrintable()}{(isFolder ? "/" : "")}"));
        }

        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>lcd</c>.</summary>
    public static Task<ExitCode> LcdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        Environment.CurrentDirectory = LocalFileFinder.ExpandHome(arguments.Count == 0 ? "~" : arguments[0].Text);
        shell.Terminal.WriteMessage($"now in {Environment.CurrentDirectory.ToPrintable()} here");
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>lpwd</c>.</summary>
    public static Task<ExitCode> LpwdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        shell.Terminal.WriteData(Environment.CurrentDirectory.ToPrintable());
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>!COMMAND</c>: the rest of the line, to the system's own shell; nothing after it: a shell to work in.</summary>
    public static async Task<ExitCode> RunProgramAsync(ClientShell shell, string commandLine, CancellationToken cancellationToken)
    {
        if (commandLine.Trim().Length == 0 && !shell.Terminal.IsInteractive)
        {
            throw new UserErrorException(ExitCode.UsageError, "usage: !COMMAND");
        }

        string program = OperatingSystem.IsWindows() ? "cmd.exe" : Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } userShell && commandLine.Trim().Length == 0 ? userShell : "/bin/sh";
        // The lines of a script are ours to read, not the command's.
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = !shell.Terminal.IsInteractive };
        if (commandLine.Trim().Length > 0)
        {
            start.ArgumentList.Add(OperatingSystem.IsWindows() ? "/c" : "-c");
            start.ArgumentList.Add(commandLine);
        }

        shell.Terminal.Flush();
        using Process process = Process.Start(start) ?? throw new UserErrorException(ExitCode.OtherError, $"cannot start {program}");
        if (start.RedirectStandardInput)
        {
            process.StandardInput.Close();
        }

        // Ctrl-C reaches the command itself, which shares our terminal; how it takes that is its own affair.
        await shell.WaitForChildAsync(process.WaitForExitAsync(CancellationToken.None));
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? ExitCode.Success : throw new UserErrorException(ExitCode.OtherError, $"!{commandLine}: ended with exit code {process.ExitCode}");
    }
}
