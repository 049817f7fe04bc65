using System.Text;
using Fts.Cli;
using Fts.Serving.Accounts;

namespace Fts.Serving.Service;

/// <summary>Reads the settings of a service of Windows, and plans its installation.</summary>
internal static class WindowsServicePlanner
{
    /// <summary>The folder with the settings, the state directory and the log: <c>C:\ProgramData\fts</c>.</summary>
    private static string DataFolder => Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "fts");

    /// <summary>Returns the steps that install the service and start it.</summary>
    /// <param name="configurationFile">The configuration file, or null for the default.</param>
    /// <param name="request">What the user requests.</param>
    /// <exception cref="UserErrorException">The configuration file is invalid or contradicts the request.</exception>
    public static async Task<ServicePlan> CreatePlanAsync(string? configurationFile, ServiceRequest request)
    {
        string file = Path.GetFullPath(configurationFile ?? Path.Combine(DataFolder, "fts.json"));
        string? newConfiguration = File.Exists(file)
            ? null
            : WindowsServiceInstallation.FormatConfiguration(
                request.Port ?? ServiceInstallation.SystemPort, request.Folder ?? Path.Combine(DataFolder, "files"), DataFolder);
        CommandLine line = newConfiguration is null
            ? ServiceInstallation.ReadConfiguration(file)
            : ServiceInstallation.ParseConfiguration(file, Encoding.UTF8.GetBytes(newConfiguration));
        var settings = ServerSettings.Parse(line);
        ServiceInstallation.RequireSameValues(file, settings, request);
        ServiceInstallation.RequireFolderKey(file, line);
        string? state = line.GetValue(StateDirectory.PathOption) is { } named ? Path.GetFullPath(named) : null;
        string? log = settings.Log.Path is { } logFile ? Path.GetDirectoryName(Path.GetFullPath(logFile)) : null;
        IReadOnlyList<string> accounts = state is null ? [] : ServerAccounts.FindFolders(line, state);
        string?[] folders = [.. settings.ServedFolders, state, log, .. accounts];
        return WindowsServiceInstallation.CreatePlan(
            request.Program, file, newConfiguration, [.. folders.OfType<string>().Distinct()], await IsInstalledAsync());
    }

    private static async Task<bool> IsInstalledAsync()
    {
        string[] query = ["sc.exe", "query", WindowsServiceInstallation.Name];
        return (await ServicePlan.RunAsync(query, CancellationToken.None)).ExitCode == 0;
    }
}
