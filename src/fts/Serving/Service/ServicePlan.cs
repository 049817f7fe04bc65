using System.Diagnostics;
using System.Text;
using Fts.Cli;
using Fts.Protocol;

namespace Fts.Serving.Service;

/// <summary>A step of the installation of a service.</summary>
internal abstract record ServiceStep
{
    private ServiceStep()
    {
    }

    /// <summary>Writes a file.</summary>
    internal sealed record WriteFile(string Path, string Content) : ServiceStep;

    /// <summary>Creates a folder, if it does not exist.</summary>
    internal sealed record CreateFolder(string Path) : ServiceStep;

    /// <summary>Deletes a file, if it exists.</summary>
    internal sealed record DeleteFile(string Path) : ServiceStep;

    /// <summary>Runs a command. The first word is the program.</summary>
    internal sealed record RunCommand(params IReadOnlyList<string> Words) : ServiceStep
    {
        /// <summary>An exit code that is no failure, in addition to 0.</summary>
        public int PermittedExitCode { get; init; }

        /// <summary>Returns the command line. Words with spaces are in quotation marks, as Windows needs them.</summary>
        public string Format() => string.Join(
            ' ', Words.Select(word => word.Contains(' ') ? WindowsServiceInstallation.FormatCommandLine(word) : word));
    }
}

/// <summary>The steps of an installation, which are printed or executed.</summary>
/// <param name="Steps">The steps, in order.</param>
/// <param name="Result">The message after the last step.</param>
internal sealed record ServicePlan(IReadOnlyList<ServiceStep> Steps, string Result)
{
    /// <summary>Returns the files with their contents, and the commands. The last line has no line end.</summary>
    public string Format()
    {
        var text = new StringBuilder();
        foreach (ServiceStep step in Steps)
        {
            _ = step switch
            {
                ServiceStep.WriteFile file => text.Append($"## write {file.Path.ToPrintable()}\n{file.Content}\n"),
                ServiceStep.CreateFolder folder => text.Append($"## create {folder.Path.ToPrintable()}\n"),
                ServiceStep.DeleteFile file => text.Append($"## delete {file.Path.ToPrintable()}\n"),
                ServiceStep.RunCommand command => text.Append($"## run {command.Format().ToPrintable()}\n"),
                _ => throw new InvalidOperationException("unknown step"),
            };
        }

        return text.ToString().TrimEnd('\n');
    }

    /// <summary>Executes the steps. A failure ends the execution; the executed steps stay.</summary>
    /// <exception cref="UserErrorException">A file cannot be written, or a command failed.</exception>
    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        foreach (ServiceStep.RunCommand command in Steps.OfType<ServiceStep.RunCommand>())
        {
            RequireProgram(command.Words[0]);
        }

        foreach (ServiceStep step in Steps)
        {
            switch (step)
            {
                case ServiceStep.WriteFile file:
                    ChangeFile("write", file.Path, () => WriteFile(file));
                    break;
                case ServiceStep.CreateFolder folder:
                    ChangeFile("create", folder.Path, () => Directory.CreateDirectory(folder.Path));
                    break;
                case ServiceStep.DeleteFile file:
                    ChangeFile("delete", file.Path, () => File.Delete(file.Path));
                    break;
                case ServiceStep.RunCommand command:
                    await RunAsync(command, cancellationToken);
                    break;
            }
        }
    }

    private static void WriteFile(ServiceStep.WriteFile file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
        // The rename replaces the file in one step, so that systemd never reads a part of it.
        string staging = file.Path + ".new";
        File.WriteAllText(staging, file.Content);
        File.Move(staging, file.Path, overwrite: true);
    }

    private static void ChangeFile(string verb, string path, Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool isDenied = e is UnauthorizedAccessException;
            throw new UserErrorException(
                ExitCode.LocalFileError,
                $"cannot {verb} {path.ToPrintable()}: {LocalErrorText.Describe(e)}",
                isDenied ? "the same command as root, or with --user" : null);
        }
    }

    private static async Task RunAsync(ServiceStep.RunCommand command, CancellationToken cancellationToken)
    {
        (int code, string errors) = await RunAsync(command.Words, cancellationToken);
        if (code != 0 && code != command.PermittedExitCode)
        {
            const StringSplitOptions noEmptyLines = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
            string reason = string.Join(' ', errors.Split('\n', noEmptyLines));
            string detail = reason.Length > 0 ? $": {reason.ToPrintable()}" : "";
            throw new UserErrorException(
                ExitCode.OtherError, $"{string.Join(' ', command.Words)} failed with exit code {code}{detail}");
        }
    }

    /// <summary>Runs a command. Returns its exit code and its error messages, which commands of Windows write to standard output.</summary>
    internal static async Task<(int ExitCode, string Errors)> RunAsync(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(cancellationToken);
        string messages = await output;
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, errors.Length == 0 && OperatingSystem.IsWindows() ? messages : errors);
    }

    /// <summary>Throws if a program is in no folder of PATH, so that nothing is changed on a system without systemd.</summary>
    private static void RequireProgram(string name)
    {
        string[] folders =
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, name))))
        {
            throw new UserErrorException(
                ExitCode.OtherError, $"{name} not found; services need systemd", "fts service install --dry-run, to print the unit");
        }
    }
}
