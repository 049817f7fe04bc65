using System.Runtime.Versioning;
using Fts.Cli;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.WindowsServices;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Service;

/// <summary>Runs the server as a service of Windows. Compiled for Windows only.</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsServiceHost
{
    /// <summary>Whether the service control manager started this process.</summary>
    public static bool IsService => WindowsServiceHelpers.IsWindowsService();

    /// <summary>
    /// Runs the server until the service control manager stops it. Errors are written to the event log of Windows, because a service has no
    /// standard error.
    /// </summary>
    /// <param name="args">The arguments of the server.</param>
    /// <param name="runServer">Runs the server. The token is cancelled when the server must stop after its running transfers.</param>
    public static async Task<ExitCode> RunAsync(string[] args, Func<string[], CancellationToken, Task<ExitCode>> runServer)
    {
        // Services start in the folder of the system. Relative paths of the configuration file start at its folder.
        if (Array.IndexOf(args, "--config") is >= 0 and var at && at + 1 < args.Length
            && Path.GetDirectoryName(args[at + 1]) is { Length: > 0 } folder)
        {
            Environment.CurrentDirectory = folder;
        }

        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddWindowsService(options => options.ServiceName = WindowsServiceInstallation.Name);
        var server = new ServerTask(stop => runServer(args, stop));
        builder.Services.AddHostedService(services =>
        {
            server.Attach(services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<ILogger<ServerTask>>());
            return server;
        });
        using IHost host = builder.Build();
        await host.RunAsync();
        return server.Result;
    }

    /// <summary>The server as a background task of the host.</summary>
    private sealed class ServerTask(Func<CancellationToken, Task<ExitCode>> runServer) : BackgroundService
    {
        private IHostApplicationLifetime? _lifetime;
        private ILogger? _logger;

        public ExitCode Result { get; private set; } = ExitCode.OtherError;

        public void Attach(IHostApplicationLifetime lifetime, ILogger logger) => (_lifetime, _logger) = (lifetime, logger);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield(); // the host reports the start of the service meanwhile
            try
            {
                Result = await runServer(stoppingToken);
            }
            catch (UserErrorException e)
            {
                Result = e.Error.ExitCode;
                ReportError(e.Error.Message);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                ReportError($"unexpected error, please report it: {e.GetType().Name}: {e.Message}");
            }

            _lifetime!.StopApplication();
        }

        private void ReportError(string message)
        {
            const int eventId = 1;
            _logger!.Log(LogLevel.Error, new EventId(eventId), message, null, static (text, _) => text);
        }
    }
}
