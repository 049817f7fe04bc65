using System.Globalization;
using System.Text;
using System.Text.Json;
using Fts.Cli;
using Fts.Protocol;
using Fts.Serving.Accounts;
using Fts.Serving.Configuration;

namespace Fts.Serving.Service;

/// <summary>What the user requests from <c>fts service install</c>.</summary>
internal sealed record ServiceRequest
{
    /// <summary>The full path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Whether the program creates code at run time.</summary>
    public bool CreatesCode { get; init; }

    /// <summary>The port for a new configuration file; null for the default.</summary>
    public int? Port { get; init; }

    /// <summary>The full path of the folder for a new configuration file; null for the default.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether systemd opens the port.</summary>
    public bool HasSocket { get; init; }
}

/// <summary>Plans the installation of the server as a service of systemd.</summary>
/// <remarks>
/// The service of the system has a user of its own instead of a dynamic user, because the files of the served folders belong to that user
/// and must keep their owner.
/// </remarks>
internal static class ServiceInstallation
{
    /// <summary>The ports of new configuration files.</summary>
    public const int SystemPort = 21, UserPort = 2121;

    /// <summary>Returns the steps that install, enable and start the service.</summary>
    /// <exception cref="UserErrorException">
    /// The configuration file is invalid or contradicts the request, or a folder does not exist, or a unit belongs to the user.
    /// </exception>
    public static ServicePlan CreatePlan(ServicePaths paths, ServiceRequest request)
    {
        string? newConfiguration = null;
        CommandLine line;
        if (File.Exists(paths.ConfigurationFile))
        {
            line = ReadConfiguration(paths.ConfigurationFile);
        }
        else
        {
            newConfiguration = FormatConfiguration(paths, request);
            line = ParseConfiguration(paths.ConfigurationFile, Encoding.UTF8.GetBytes(newConfiguration));
        }

        var settings = ServerSettings.Parse(line);
        RequireSameValues(paths.ConfigurationFile, settings, request);
        RequireFolders(paths.ConfigurationFile, line, settings);
        string? stateFolder = line.GetValue(StateDirectory.PathOption) is { } state ? Path.GetFullPath(state) : null;
        IReadOnlyList<string> accountFolders = paths.IsForUser ? [] : ServerAccounts.FindFolders(line, stateFolder ?? paths.StateFolder);
        var unit = new ServiceUnit
        {
            IsForUser = paths.IsForUser,
            Program = request.Program,
            ConfigurationFile = paths.ConfigurationFile,
            ServedFolders = settings.ServedFolders,
            AccountFolders = accountFolders,
            StateFolder = stateFolder,
            LogFile = settings.Log.Path is { } log ? Path.GetFullPath(log) : null,
            ReadFiles =
            [
                .. settings.Tls.ConfiguredFiles.Concat(settings.Hosts.Files).Concat(settings.Delivery.Files)
                    .Concat(settings.Tls.ClientAuthorityFile is { } authority ? [authority] : []).Select(Path.GetFullPath),
            ],
            EndPoint = settings.EndPoint,
            ImplicitPort = settings.Tls.ImplicitPort,
            HasSocket = request.HasSocket,
            CreatesCode = request.CreatesCode,
        };
        foreach (string folder in paths.IsForUser ? [] : unit.RequiredFolders)
        {
            RequireFolder(folder); // the service would not start
        }

        var steps = new List<ServiceStep>();
        if (paths.UserFile is { } userFile)
        {
            string user = $"{ServiceUnit.Mark}\nu {ServiceUnit.User} - \"fts FTP server\" /var/lib/{ServiceUnit.StateDirectory}\n";
            steps.Add(CreateWriteStep(userFile, user));
            steps.Add(new ServiceStep.RunCommand("systemd-sysusers", userFile));
        }

        if (newConfiguration is not null)
        {
            steps.Add(new ServiceStep.WriteFile(paths.ConfigurationFile, newConfiguration));
        }

        steps.Add(CreateWriteStep(paths.ServiceFile, unit.Format()));
        bool isInstalled = File.Exists(paths.ServiceFile);
        AddActivation(steps, paths, unit, isInstalled);
        return new ServicePlan(steps, FormatResult(paths, settings, accountFolders, isInstalled));
    }

    /// <summary>Adds the steps that enable and start the service, after its unit was written.</summary>
    /// <remarks>
    /// A running service is stopped if <c>--socket</c> was added or removed, because the service and systemd cannot both open the port.
    /// </remarks>
    private static void AddActivation(List<ServiceStep> steps, ServicePaths paths, ServiceUnit unit, bool isInstalled)
    {
        bool hadSocket = File.Exists(paths.SocketFile);
        bool removesSocket = hadSocket && !unit.HasSocket;
        if (unit.HasSocket)
        {
            steps.Add(CreateWriteStep(paths.SocketFile, unit.FormatSocket()));
        }

        if (removesSocket)
        {
            RequireOwnFile(paths.SocketFile);
            steps.Add(CreateSystemctlStep(paths, "disable", "--now", "fts.socket", "fts.service"));
            steps.Add(new ServiceStep.DeleteFile(paths.SocketFile));
        }

        steps.Add(CreateSystemctlStep(paths, "daemon-reload"));
        if (isInstalled && unit.HasSocket && !hadSocket)
        {
            steps.Add(CreateSystemctlStep(paths, "stop", "fts.service"));
        }

        string[] names = unit.HasSocket ? ["fts.socket", "fts.service"] : ["fts.service"];
        steps.Add(CreateSystemctlStep(paths, ["enable", "--now", .. names]));
    }

    /// <summary>Returns the steps that stop, disable and remove the service.</summary>
    /// <param name="paths">The files of the service.</param>
    /// <param name="isRequired">Whether it is an error if the service is not installed.</param>
    /// <exception cref="UserErrorException">The service is not installed, or its unit was not written by this program.</exception>
    public static ServicePlan CreateUninstallPlan(ServicePaths paths, bool isRequired)
    {
        if (isRequired && !File.Exists(paths.ServiceFile))
        {
            throw new UserErrorException(
                ExitCode.NotFound,
                $"the service is not installed: no file {paths.ServiceFile.ToPrintable()}",
                paths.IsForUser ? "fts service uninstall, for the service of the system" : "fts service uninstall --user");
        }

        RequireOwnFile(paths.ServiceFile);
        var steps = new List<ServiceStep>();
        bool hasSocket = File.Exists(paths.SocketFile);
        if (hasSocket)
        {
            RequireOwnFile(paths.SocketFile);
        }

        string[] names = hasSocket ? ["fts.socket", "fts.service"] : ["fts.service"];
        steps.Add(CreateSystemctlStep(paths, ["disable", "--now", .. names]));
        steps.Add(new ServiceStep.DeleteFile(paths.ServiceFile));
        if (hasSocket)
        {
            steps.Add(new ServiceStep.DeleteFile(paths.SocketFile));
        }

        steps.Add(CreateSystemctlStep(paths, "daemon-reload"));
        return new ServicePlan(steps, $"removed the service; {paths.ConfigurationFile.ToPrintable()} and the shared files stay");
    }

    private static ServiceStep.RunCommand CreateSystemctlStep(ServicePaths paths, params IEnumerable<string> arguments) =>
        new(["systemctl", .. paths.IsForUser ? ["--user"] : Array.Empty<string>(), .. arguments]);

    private static ServiceStep.WriteFile CreateWriteStep(string path, string content)
    {
        RequireOwnFile(path);
        return new ServiceStep.WriteFile(path, content);
    }

    /// <summary>Throws if a file exists and was not written by this program.</summary>
    private static void RequireOwnFile(string path)
    {
        try
        {
            if (File.Exists(path) && !File.ReadAllText(path).StartsWith(ServiceUnit.Mark, StringComparison.Ordinal))
            {
                throw new UserErrorException(
                    ExitCode.LocalFileError,
                    $"{path.ToPrintable()} exists and was not written by fts service install",
                    "rename or remove that file first");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read {path.ToPrintable()}: {LocalErrorText.Describe(e)}");
        }
    }

    private static string FormatConfiguration(ServicePaths paths, ServiceRequest request)
    {
        string folder = request.Folder ?? (paths.IsForUser
            ? throw CommandLine.CreateUsageError("a service of a user needs --folder DIR")
            : ServiceUnit.DefaultFolder);
        int port = request.Port ?? (paths.IsForUser ? UserPort : SystemPort);
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {
              // Settings of fts server. To print all settings: fts config check --config FILE
              "ip": "0.0.0.0",
              "port": {{port}},
              "folder": "{{JsonEncodedText.Encode(folder)}}",
              // "tls": "required", // refuses sessions without encryption
            }

            """).ReplaceLineEndings("\n");
    }

    /// <summary>Reads an existing file. The environment of the caller is not that of the service.</summary>
    internal static CommandLine ReadConfiguration(string file) => ServerConfiguration.Load(
        new CommandLine(ServerCommand.Definition, [ServerConfiguration.FileOptionName, file]), _ => null).Line;

    /// <summary>Parses the content of a configuration file.</summary>
    internal static CommandLine ParseConfiguration(string file, byte[] content) => new CommandLine(ServerCommand.Definition, []).With(
        new ConfiguredSettings(
            SettingTable.Server,
            ConfigurationFile.Parse(SettingTable.Server, file, content),
            new Dictionary<string, IReadOnlyList<ConfiguredValue>>()));

    /// <summary>Throws if the request contains other values than the existing file, which is never changed.</summary>
    internal static void RequireSameValues(string file, ServerSettings settings, ServiceRequest request)
    {
        string? difference = null;
        if (request.Port is { } port && port != settings.EndPoint.Port)
        {
            difference = string.Create(CultureInfo.InvariantCulture, $"port {settings.EndPoint.Port}, not {port}");
        }
        else if (request.Folder is { } folder && folder != settings.Folder)
        {
            difference = $"folder {settings.Folder}, not {folder}";
        }

        if (difference is not null)
        {
            throw new UserErrorException(
                ExitCode.UsageError,
                $"{file.ToPrintable()} exists and contains {difference.ToPrintable()}; install does not change it",
                "change the file, and run the command without --port and --folder");
        }
    }

    /// <summary>Throws if the file names no folder.</summary>
    internal static void RequireFolderKey(string file, CommandLine line)
    {
        if (line.GetValue(ServerSettings.FolderOption) is null)
        {
            throw CommandLine.CreateUsageError(
                $"{file.ToPrintable()}: the key folder is missing; a service has no current folder to share");
        }
    }

    /// <summary>
    /// Throws if the file names no folder, or if a served folder does not exist. systemd creates the default folder.
    /// </summary>
    private static void RequireFolders(string file, CommandLine line, ServerSettings settings)
    {
        RequireFolderKey(file, line);
        foreach (string folder in settings.ServedFolders.Where(folder => folder != ServiceUnit.DefaultFolder))
        {
            RequireFolder(folder);
        }
    }

    private static void RequireFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"{folder.ToPrintable()}: no such folder");
        }
    }

    private static string FormatResult(
        ServicePaths paths, ServerSettings settings, IReadOnlyList<string> accountFolders, bool wasInstalled)
    {
        string user = paths.IsForUser ? "--user " : "";
        IEnumerable<string> folders = settings.ServedFolders.Concat(accountFolders).Where(folder => folder != ServiceUnit.DefaultFolder);
        string owner = paths.IsForUser
            ? ""
            : string.Concat(folders.Distinct().Select(folder => Directory.Exists(folder)
                ? $"\nthe user {ServiceUnit.User} needs permission to read and write {folder.ToPrintable()}"
                : $"\n{folder.ToPrintable()} of an account does not exist; create it for the user {ServiceUnit.User}, and restart "
                    + "the service"));
        string lingering = paths.IsForUser ? "\nto keep it running while you are logged out: loginctl enable-linger" : "";
        string restart = wasInstalled ? $"\nif it was running before, restart it to apply the changes: systemctl {user}restart fts" : "";
        return $"started fts.service on {settings.EndPoint}; settings are in {paths.ConfigurationFile.ToPrintable()}" + restart
            + $"\nlog and password: journalctl {user}-u fts" + owner + lingering;
    }
}
