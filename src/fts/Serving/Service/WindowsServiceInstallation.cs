using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Fts.Serving.Service;

/// <summary>Plans the installation of the server as a service of Windows, with the commands of the system. Pure.</summary>
/// <remarks>
/// The service runs as a virtual account, which has no password and only the rights that are granted to it. Paths are those of Windows on
/// every system, so that tests can check the plan.
/// </remarks>
internal static class WindowsServiceInstallation
{
    /// <summary>The name of the service.</summary>
    public const string Name = "fts";

    /// <summary>The user of the service. Windows creates it with the service.</summary>
    public const string Account = @"NT SERVICE\fts";

    /// <summary>Returns the steps that create or change the service, and start it.</summary>
    /// <param name="program">The full path of the program.</param>
    /// <param name="configurationFile">The full path of the configuration file.</param>
    /// <param name="newConfiguration">The content of the configuration file if it must be created, otherwise null.</param>
    /// <param name="folders">The folders that the service reads and writes. They exist or are created by a step.</param>
    /// <param name="isInstalled">Whether the service exists. Its settings are then replaced.</param>
    public static ServicePlan CreatePlan(
        string program, string configurationFile, string? newConfiguration, IReadOnlyList<string> folders, bool isInstalled)
    {
        string command = FormatCommandLine(program, "server", "--config", configurationFile);
        var steps = new List<ServiceStep>();
        if (newConfiguration is not null)
        {
            steps.Add(new ServiceStep.WriteFile(configurationFile, newConfiguration));
        }

        steps.Add(new ServiceStep.RunCommand(
            "sc.exe", isInstalled ? "config" : "create", Name, "binPath=", command, "obj=", Account, "start=", "auto", "DisplayName=",
            "fts FTP and FTPS server"));
        steps.Add(new ServiceStep.RunCommand("sc.exe", "failure", Name, "reset=", "86400", "actions=", "restart/2000"));
        foreach (string folder in folders)
        {
            steps.Add(new ServiceStep.CreateFolder(folder));
            // (OI)(CI): files and folders inside inherit the right. M: read, write and delete.
            steps.Add(new ServiceStep.RunCommand("icacls.exe", folder, "/grant", $"{Account}:(OI)(CI)M"));
        }

        const int alreadyRunning = 1056;
        steps.Add(new ServiceStep.RunCommand("sc.exe", "start", Name) { PermittedExitCode = alreadyRunning });
        return new ServicePlan(
            steps, $"started the service {Name}; settings are in {configurationFile}\nerrors of the start: Event Viewer, Windows Logs");
    }

    /// <summary>Returns the steps that stop and delete the service.</summary>
    public static ServicePlan CreateUninstallPlan()
    {
        const int notStarted = 1062;
        return new ServicePlan(
            [
                new ServiceStep.RunCommand("sc.exe", "stop", Name) { PermittedExitCode = notStarted },
                new ServiceStep.RunCommand("sc.exe", "delete", Name),
            ],
            "removed the service; the settings and the shared files stay");
    }

    /// <summary>Returns the content of a new configuration file.</summary>
    /// <param name="port">The port.</param>
    /// <param name="folder">The shared folder.</param>
    /// <param name="dataFolder">The folder for the state directory and the log.</param>
    public static string FormatConfiguration(int port, string folder, string dataFolder) =>
        string.Create(CultureInfo.InvariantCulture, $$"""
            {
              // Settings of fts server. To print all settings: fts config check --config FILE
              "ip": "0.0.0.0",
              "port": {{port}},
              "folder": "{{JsonEncodedText.Encode(folder)}}",
              "state": "{{JsonEncodedText.Encode($@"{dataFolder}\state")}}",
              "logFile": "{{JsonEncodedText.Encode($@"{dataFolder}\log\server.log")}}",
              // "tls": "required", // refuses sessions without encryption
            }

            """).ReplaceLineEndings("\n");

    /// <summary>
    /// Returns the command line of a process with these words. Each word is in quotation marks. Backslashes before a quotation mark are
    /// doubled, as the C runtime of Windows expects.
    /// </summary>
    internal static string FormatCommandLine(params ReadOnlySpan<string> words)
    {
        var line = new StringBuilder();
        foreach (string word in words)
        {
            line.Append(line.Length == 0 ? "" : " ").Append('"');
            int backslashes = 0;
            foreach (char c in word)
            {
                line.Append('\\', c == '"' ? backslashes + 1 : 0).Append(c);
                backslashes = c == '\\' ? backslashes + 1 : 0;
            }

            line.Append('\\', backslashes).Append('"');
        }

        return line.ToString();
    }
}
