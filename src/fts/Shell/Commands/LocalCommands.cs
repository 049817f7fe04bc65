using System.Diagnostics;
using System.Globalization;
using Fts.Cli;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The commands for local files and programs.</summary>
internal static class LocalCommands
{
    /// <summary><c>lls</c> lists a local folder: kind, size in bytes, time in UTC, name.</summary>
    public static Task<ExitCode> LlsAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        var folder = new DirectoryInfo(arguments.Count == 0 ? "." : LocalFileFinder.ExpandHome(arguments[0].Text));
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            bool isFolder = entry is DirectoryInfo;
            string size = entry is FileInfo file ? file.Length.ToString(CultureInfo.InvariantCulture) : "";
            string time = entry.LastWriteTimeUtc.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
            shell.Terminal.WriteData($"{(isFolder ? 'd' : '-')} {size,12}  {time}  {entry.Name.ToPrintable()}{(isFolder ? "/" : "")}");
        }

        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>lcd</c> changes the local folder. Without an argument, it changes to the home folder.</summary>
    public static Task<ExitCode> LcdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (shell.Jobs.Active.Count > 0)
        {
            throw new UserErrorException(
                ExitCode.OtherError, "lcd: jobs are running, and their local paths depend on the folder", "wait, or kill");
        }

        Environment.CurrentDirectory = LocalFileFinder.ExpandHome(arguments.Count == 0 ? "~" : arguments[0].Text);
        shell.Terminal.WriteMessage($"the local folder is now {Environment.CurrentDirectory.ToPrintable()}");
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>lpwd</c> prints the local folder.</summary>
    public static Task<ExitCode> LpwdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        shell.Terminal.WriteData(Environment.CurrentDirectory.ToPrintable());
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>!COMMAND</c> runs the rest of the line in the system's shell. Without a command it opens an interactive shell.</summary>
    public static async Task<ExitCode> RunProgramAsync(ClientShell shell, string commandLine, CancellationToken cancellationToken)
    {
        if (commandLine.Trim().Length == 0 && !shell.Terminal.IsInteractive)
        {
            throw new UserErrorException(ExitCode.UsageError, "!: the command is missing; usage: !COMMAND");
        }

        string program = FindShell(isInteractive: commandLine.Trim().Length == 0);
        // In a script, standard input contains further commands for the client, which the program must not read.
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

        // The terminal sends Ctrl-C to the program too, so the client only waits for the program to exit.
        await shell.WaitForChildAsync(process.WaitForExitAsync(CancellationToken.None));
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode == 0
            ? ExitCode.Success
            : throw new UserErrorException(ExitCode.OtherError, $"!{commandLine}: failed with exit code {process.ExitCode}");
    }

    private static string FindShell(bool isInteractive)
    {
        if (OperatingSystem.IsWindows())
        {
            return "cmd.exe";
        }

        return isInteractive && Environment.GetEnvironmentVariable("SHELL") is { Length: > 0 } userShell ? userShell : "/bin/sh";
    }
}
