using System.CommandLine;
using System.Runtime.CompilerServices;
using Fts.Cli.Help;
using Fts.Serving.Service;

namespace Fts.Cli;

/// <summary>The <c>fts service</c> subcommand. It installs the server as a service of systemd or Windows, and uninstalls it.</summary>
internal static class ServiceCommand
{
    private const string Install = "install", Uninstall = "uninstall";

    private static readonly Option<bool> UserOption = new("--user") { Description = "a service of this user instead of the system" };

    private static readonly Option<bool> SocketOption = new("--socket")
    {
        Description = "let systemd open the port and pass the socket to the server",
    };

    private static readonly Option<bool> DryRunOption = new("--dry-run") { Description = "print files and commands, change nothing" };

    private static readonly Option<string> PortOption = new("--port")
    {
        HelpName = "N",
        Description = $"port in a new configuration file (default: {ServiceInstallation.SystemPort}; for a user " +
            $"{ServiceInstallation.UserPort})",
    };

    private static readonly Option<string> FolderOption = new("--folder")
    {
        HelpName = "DIR",
        Description = $"folder to share in a new configuration file (default: {ServiceUnit.DefaultFolder}; for a user required)",
    };

    private static readonly Option<string> ConfigOption = new("--config")
    {
        HelpName = "FILE",
        Description = "configuration file of the service, created if missing (default: /etc/fts/fts.json; for a user " +
            "${XDG_CONFIG_HOME:-~/.config}/fts/fts.json)",
    };

    /// <summary>The arguments, options and help page of <c>fts service</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("service", 1, new HelpPage
    {
        Usage = ["fts service install [options]", "fts service uninstall [--user] [--dry-run]"],
        Purpose = "Runs fts server as a service of systemd or Windows, from the start of the machine on.",
        Examples =
        [
            new("fts service install --dry-run", "print the files and commands"),
            new("sudo fts service install --folder /srv/files", "share a folder on port 21"),
            new("fts service install --user --folder ~/share", "share a folder while you are logged in"),
            new("sudo fts service uninstall", "stop the service and remove it"),
        ],
        Arguments =
        [
            new(Install, "write the unit, enable it and start it"),
            new(Uninstall, "stop the service, disable it and remove the unit; files, settings and the user fts stay"),
        ],
        OptionGroups =
        [
            new OptionGroup("Service", UserOption, SocketOption, DryRunOption),
            new OptionGroup("Settings", PortOption, FolderOption, ConfigOption),
        ],
        ExitCodes =
        [
            new("0", "success"),
            new("1", "systemd is missing, or a command failed"),
            new("2", "usage error, or an invalid configuration file"),
            new("6", "the service is not installed"),
            new("11", "a file or folder cannot be used"),
        ],
        Notes =
        [
            "The service of the system runs as the user fts, which the command creates. The user needs permission to read and write the " +
            "shared folder. The unit takes the served folders and the port from the configuration file. Run the command again after you " +
            "change them.",
            "systemctl reload fts reads the configuration file and certificates again. systemctl restart fts applies all settings. " +
            "journalctl -u fts prints the log.",
            "On Windows, the command needs an administrator. It runs sc.exe and icacls.exe, and keeps settings, state and log in " +
            "C:\\ProgramData\\fts.",
        ],
    });

    /// <summary>Runs <c>fts service</c> and returns its exit code.</summary>
    /// <exception cref="UserErrorException">An argument or the configuration file is invalid, or a step failed.</exception>
    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var line = new CommandLine(Definition, args);
        if (OperatingSystem.IsWindows())
        {
            return await RunOnWindowsAsync(line);
        }

        ServicePaths paths = line.HasOption(UserOption) ? ServicePaths.ForUser() : ServicePaths.ForSystem;
        if (line.GetValue(ConfigOption) is { } file)
        {
            paths = paths with { ConfigurationFile = Path.GetFullPath(file) };
        }

        bool isDryRun = line.HasOption(DryRunOption);
        ServicePlan plan = line.Arguments switch
        {
            [Install] => CreateInstallPlan(line, paths),
            [Uninstall] => CreateUninstallPlan(line, paths, isDryRun),
            var other => throw CreateUsageError(other),
        };
        return isDryRun || OperatingSystem.IsLinux()
            ? await RunAsync(plan, isDryRun)
            : throw new UserErrorException(ExitCode.OtherError, "services need Linux with systemd, or Windows");
    }

    private static UserErrorException CreateUsageError(IReadOnlyList<string> arguments) => arguments switch
    {
        [] => CommandLine.CreateUsageError("service needs a command", null, Definition.Usage),
        [var other] => CommandLine.CreateUsageError(
            $"unknown command service {other}", SpellingSuggestion.FindNearest(other, [Install, Uninstall]), Definition.Usage),
        _ => CommandLine.CreateUsageError("too many arguments", null, Definition.Usage),
    };

    private static async Task<ExitCode> RunOnWindowsAsync(CommandLine line)
    {
        foreach (Option option in (Option[])[UserOption, SocketOption])
        {
            if (line.SpecifiedOptions.Any(specified => specified.Name == option.Name))
            {
                throw CommandLine.CreateUsageError($"{option.Name} needs systemd");
            }
        }

        ServicePlan plan = line.Arguments switch
        {
            [Install] => await WindowsServicePlanner.CreatePlanAsync(line.GetValue(ConfigOption), CreateRequest(line)),
            [Uninstall] => WindowsServiceInstallation.CreateUninstallPlan(),
            var other => throw CreateUsageError(other),
        };
        return await RunAsync(plan, line.HasOption(DryRunOption));
    }

    /// <summary>Prints or executes the steps of a plan.</summary>
    private static async Task<ExitCode> RunAsync(ServicePlan plan, bool isDryRun)
    {
        if (isDryRun)
        {
            Terminal.Plain.WriteData(plan.Format());
            Terminal.Plain.Flush();
            return ExitCode.Success;
        }

        await plan.ExecuteAsync(CancellationToken.None);
        Terminal.Plain.WriteMessage(plan.Result);
        return ExitCode.Success;
    }

    private static ServicePlan CreateInstallPlan(CommandLine line, ServicePaths paths)
    {
        ServiceRequest request = CreateRequest(line);
        // Relative paths in the file start at the working directory of the service, which is the folder of the file.
        if (Path.GetDirectoryName(paths.ConfigurationFile) is { } settingsFolder && Directory.Exists(settingsFolder))
        {
            Environment.CurrentDirectory = settingsFolder;
        }

        return ServiceInstallation.CreatePlan(paths, request);
    }

    private static ServiceRequest CreateRequest(CommandLine line) => new()
    {
        Program = FindProgram(),
        CreatesCode = RuntimeFeature.IsDynamicCodeCompiled,
        Port = line.GetValue(PortOption) is { } port ? CommandLine.ParsePort(port, allowsZero: false, PortOption.Name) : null,
        Folder = line.GetValue(FolderOption) is { } folder ? Path.GetFullPath(folder) : null,
        HasSocket = line.HasOption(SocketOption),
    };

    private static ServicePlan CreateUninstallPlan(CommandLine line, ServicePaths paths, bool isDryRun)
    {
        (string Name, string? Value)[] unused =
            [.. line.SpecifiedOptions.Where(option => option.Name != UserOption.Name && option.Name != DryRunOption.Name)];
        return unused.Length == 0
            ? ServiceInstallation.CreateUninstallPlan(paths, isRequired: !isDryRun)
            : throw CommandLine.CreateUsageError($"uninstall does not use {unused[0].Name}", null, Definition.Usage);
    }

    /// <summary>Returns the path of this program. The host that runs a program from its assembly is not the program.</summary>
    private static string FindProgram()
    {
        string path = Environment.ProcessPath ?? "";
        return Path.GetFileNameWithoutExtension(path) is "" or "dotnet"
            ? throw new UserErrorException(
                ExitCode.OtherError, "the service needs the published program", "./fts service install, in a checkout")
            : ProgramPath.FindStarted(path);
    }
}
