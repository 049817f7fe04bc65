using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Bans;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Server;
using Fts.Serving;
using Fts.Serving.Accounts;
using Fts.Serving.Control;
using Fts.Serving.Logging;
using Fts.Serving.Metrics;
using Fts.Serving.Configuration;
using Fts.Serving.Delivery;
using Fts.Serving.Service;
using Fts.Storage.Local;
using Microsoft.Extensions.Logging;

namespace Fts.Cli;

/// <summary>The <c>fts server</c> subcommand. It shares a folder until a signal stops the server.</summary>
internal static class ServerCommand
{
    /// <summary>The time that running transfers have to finish after the first Ctrl-C or SIGTERM.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The arguments, options and help page of <c>fts server</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("server", 3, new HelpPage
    {
        Usage = ["fts server [ip] [port] [debug] [options]"],
        Purpose = "Shares a folder over FTP and FTPS until you press Ctrl-C.",
        Examples =
        [
            new("fts server", "share the current folder with this machine"),
            new("fts server 0.0.0.0", "share the folder with other machines, using a new password"),
            new("fts server 192.168.1.5 2121 --folder ~/share --anonymous read", "let everyone read a folder, without a password"),
        ],
        Arguments =
        [
            new("ip", "address to listen on; 0.0.0.0 or :: for all addresses of this machine (default: 127.0.0.1)"),
            new("port", $"port to listen on; 0 for any free port (default: {Target.DefaultPort})"),
            new("debug", "1 logs each request and reply, with passwords masked (default: 0)"),
        ],
        OptionGroups =
        [
            new OptionGroup("Sharing", ServerSettings.FolderOption, ServerSettings.AnonymousOption),
            ServerAccounts.CommandLineOptions,
            LogSettings.CommandLineOptions,
            TelemetrySettings.CommandLineOptions,
            TlsSettings.EncryptionOptions,
            TlsSettings.ClientCertificateOptions,
            VirtualHosts.CommandLineOptions,
            NetworkSettings.CommandLineOptions,
            UploadPolicy.CommandLineOptions,
            SessionLimits.CommandLineOptions,
            Defences.CommandLineOptions,
            ServerRecords.CommandLineOptions,
            DeliverySettings.CommandLineOptions,
            Sandbox.CommandLineOptions,
            ServerConfiguration.CommandLineOptions,
        ],
        ExitCodes =
        [
            new("0", "stopped, and no transfer was interrupted"),
            new("2", "usage error"),
            new("3", "the address or port cannot be used"),
            new("11", "the folder or a file cannot be used"),
            new("130", "stopped by Ctrl-C, and running transfers were interrupted"),
            new("143", "stopped by SIGTERM, and running transfers were interrupted"),
        ],
        Notes =
        [
            "By default, you and root need no password on a loopback address. On systems other than Linux, no user of this machine " +
            "needs a password on a loopback address. All other users log in as fts with the password on the start screen. " +
            "Each start creates a new password.",
            "After Ctrl-C or SIGTERM, running transfers have up to 10 seconds to finish. A second signal stops the server at once. " +
            "SIGHUP reloads changed certificates and the configuration file, and opens the log file again.",
        ],
    });

    /// <summary>Runs the server until a signal stops it.</summary>
    /// <exception cref="UserErrorException">A setting is invalid, or a file or the address cannot be used.</exception>
    public static Task<ExitCode> RunAsync(string[] args)
    {
#if WINDOWS_SERVICE
        if (OperatingSystem.IsWindows() && WindowsServiceHost.IsService)
        {
            return WindowsServiceHost.RunAsync(args, RunAsync);
        }
#endif
        return RunAsync(args, CancellationToken.None);
    }

    private static Task<ExitCode> RunAsync(string[] args, CancellationToken stop) => RunAsync(
        ServerConfiguration.Load(new CommandLine(Definition, args), Environment.GetEnvironmentVariable), report: null, stop);

    /// <summary>Performs all checks that precede the start of the server. Creates and restricts nothing.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="report">Receives the errors of accounts. They are the last check.</param>
    /// <exception cref="UserErrorException">A setting is invalid, or a file cannot be used.</exception>
    public static Task<ExitCode> CheckAsync(ServerConfiguration configuration, Action<UserErrorException> report) =>
        RunAsync(configuration, report, CancellationToken.None);

    private static async Task<ExitCode> RunAsync(
        ServerConfiguration configuration, Action<UserErrorException>? report, CancellationToken stop)
    {
        try
        {
            return await RunServerAsync(configuration, report, stop);
        }
        catch (UserErrorException e)
        {
            throw configuration.Line.DescribeOrigin(e);
        }
    }

    /// <param name="configuration">The settings.</param>
    /// <param name="report">Receives errors if the settings are only checked; null to run the server.</param>
    /// <param name="stop">Stops the server.</param>
    private static async Task<ExitCode> RunServerAsync(
        ServerConfiguration configuration, Action<UserErrorException>? report, CancellationToken stop)
    {
        bool isCheck = report is not null;
        ulong? openFiles = OpenFileLimit.Raise();
        CommandLine line = configuration.Line;
        var settings = ServerSettings.Parse(line);
        using Socket? inherited = isCheck ? null : SocketActivation.TryGetListener(Environment.GetEnvironmentVariable);
        IPEndPoint endPoint = inherited?.LocalEndPoint as IPEndPoint ?? settings.EndPoint;
        string folder = settings.Folder;
        (UploadPolicy uploads, TlsSettings tlsSettings, VirtualHosts hosts) = (settings.Uploads, settings.Tls, settings.Hosts);
        (SessionLimits limits, NetworkSettings networkSettings, Defences defences) = (settings.Limits, settings.Network, settings.Defences);
        bool isLocal = (settings with { EndPoint = endPoint }).IsLocal;
        await using ServerAccounts? accounts = isCheck ? null : ServerAccounts.Open(line);
        SignInRules signInRules = accounts is { AreInForce: true }
            ? SignInRules.CreateForAccounts(settings.Anonymous)
            : SignInRules.Create(isLocal, settings.Anonymous);
        byte[]? webhookSecret = settings.Delivery.CheckFiles(
            [
                .. settings.ServedFolders, .. accounts?.Folders ?? [], .. accounts is null ? Array.Empty<string>() : [accounts.State.Path],
                .. Sandbox.GetLogPaths(settings.Log.Path),
            ]);
        // The log file is created last, after all other settings were checked.
        LogSettings logSettings = isCheck ? settings.Log : settings.Log.OpenFile();
        LocalStoreOptions files = uploads.StoreOptions with
        {
            ProtectedPaths =
            [
                .. ProtectedFiles.GetPaths(tlsSettings, hosts, accounts, logSettings.File?.FullPath),
                .. configuration.Files, .. settings.Delivery.Files,
            ],
        };
        // The runner stays outside the sandbox, in which no program can be started.
        await using RunnerProcess? runner = isCheck || !settings.Delivery.IsOn ? null : StartRunner();
        using var notifier = new ServiceNotifier(Environment.GetEnvironmentVariable);
        // The sandbox restricts this thread and the threads that this thread starts later, so no thread must be started earlier.
        Sandbox sandbox = isCheck ? new Sandbox("not entered") : Sandbox.Enter(
            line, [.. settings.ServedFolders, .. accounts?.Folders ?? []],
            [.. tlsSettings.ConfiguredFiles, .. hosts.Files, .. configuration.Files], tlsSettings.OwnCertificateFile, accounts?.State.Path,
            logSettings.File?.FullPath);
        using ControlEndpoint? control = accounts is null ? null : ControlEndpoint.Open(accounts.State.Path);
        await using var log = new ServerLog(logSettings);
        ILogger programLogger = log.LoggerFactory.CreateLogger("fts");
        await using TelemetryExport? telemetry = isCheck ? null : TelemetryExport.Start(settings.Telemetry, log);
        LocalFileStore served = OpenStore("--folder ", folder, files);
        await using ServerDelivery? delivery = runner is null
            ? null
            : await ServerDelivery.StartAsync(settings.Delivery, webhookSecret, openFiles, runner, accounts!.State, log.LoggerFactory);
        await using ServerRecords? records = accounts is null
            ? null
            : await ServerRecords.OpenAsync(
                line.HasOption(ServerRecords.EventsOption), accounts.State, uploads.IsDurable, files,
                delivery is null ? null : delivery.Wake, log.LoggerFactory);
        if (records is not null)
        {
            records.Records.Start();
            accounts!.QuotasChanged = quotas => records.Records.SetQuotas(quotas);
        }

        IAuthenticator authenticator = tlsSettings.AddCertificateLogin(signInRules.Authenticator);
        if (accounts is not null)
        {
            accounts.TakenOver = (name, client) => ProgramLog.AccountTakenOver(programLogger, name, client, accounts.Legacy!.Url);
            authenticator = accounts.CreateAuthenticator(
                signInRules, authenticator, served, folder, files,
                text => log.WriteEvent(LogLevel.Warning, "Accounts", text.ToPrintable()));
        }

        var server = new FtpServer(new FtpServerOptions
        {
            Store = served,
            Authenticator = authenticator,
            GetAccountStores = () => accounts?.Stores?.OpenAll() ?? [],
            Hosts = hosts.CreateHosts(authenticator, (option, hostFolder) => OpenStore(option, hostFolder, files)),
            PublishPolicy = uploads.PublishPolicy,
            PartialUploadLifetime = uploads.PartialUploadLifetime,
            EndPoint = endPoint,
            ListeningSocket = inherited,
            Tls = accounts is null ? tlsSettings.Options : tlsSettings.WithAccountKeys(accounts.Keys).Options,
            ImplicitTlsEndPoint = tlsSettings.GetImplicitEndPoint(endPoint.Address),
            PassivePorts = networkSettings.Ports,
            PassiveAddresses = networkSettings.Addresses,
            ProxyProtocolNetworks = networkSettings.LoadBalancers,
            DataConnectionTimeout = networkSettings.DataTimeout,
            DataPeers = networkSettings.DataPeers,
            MaxSessions = limits.Sessions,
            MaxSessionsPerAddress = limits.PerAddress,
            MaxConnectionsPerSecond = defences.ConnectionsPerSecond,
            MaxConnectionsPerSecondPerAddress = defences.ConnectionsPerSecondPerAddress,
            Bans = defences.CreateBanOptions(accounts is null ? null : new SqlBanStore(accounts.State.Database)),
            DrainTimeout = DrainTimeout,
            LoggerFactory = log.LoggerFactory,
            Records = records?.Records,
            StoreLocations = new StoreLocations(accounts?.GetQuotaPath(folder) ?? folder),
            Trace = log.WriteTrace,
            IsTracing = () => log.IsTracing,
        });
        await using (server)
        {
            if (report is not null)
            {
                tlsSettings.CheckConfiguredFiles();
                StartCheck.Run(line, settings.Log, report);
                return ExitCode.Success;
            }

            var reload = new ConfigurationReload(configuration, logSettings.Verbosity, programLogger);
            await using var service = new ServiceLifetime(notifier, server, reload, TimeProvider.System);
            using var signals = new StopSignals(() =>
            {
                log.Reopen();
                service.Reload();
            }, stop);
            await StartAsync(server);
            accounts?.Start();
            await using ControlServer? controlServer = control?.Start(
                server, accounts!.RefreshAsync,
                new RecordRequests(records!.Records, token => accounts!.GetHomesAsync(folder, token)), log, accounts!.State.UserName,
                new FoldersResult(!sandbox.IsActive, [.. settings.ServedFolders, .. accounts.Folders]));
            foreach (string text in StartupSummary.FormatLines(
                server, isLocal, folder, signInRules, tlsSettings, hosts, networkSettings, sandbox, accounts,
                settings.Delivery.Descriptions, telemetry?.MetricsEndPoint))
            {
                log.WriteScreenLine(text);
            }

            foreach (string variable in configuration.IgnoredVariables.Concat(accounts?.IgnoredVariables ?? []))
            {
                ProgramLog.VariableIgnored(programLogger, variable);
            }

            if (notifier.Failure is { } failure)
            {
                log.WriteScreenLine($"  warning   {failure}");
            }

            log.WriteEvent(
                LogLevel.Information, "Started", $"fts server on {server.EndPoint}, folder {folder.ToPrintable()}",
                ("EndPoint", server.EndPoint.ToString()), ("Folder", folder.ToPrintable()));
            service.Start();
            ExitCode signal = await signals.FirstSignal;
            service.ReportStopping();
            return await StopAsync(server, log, signals, signal);
        }
    }

    private static RunnerProcess StartRunner()
    {
        try
        {
            return RunnerProcess.Start(Environment.ProcessPath!);
        }
        catch (IOException e)
        {
            throw new UserErrorException(ExitCode.OtherError, $"cannot start the process that delivers events: {e.Message}");
        }
    }

    private static async Task StartAsync(FtpServer server)
    {
        try
        {
            await server.StartAsync();
        }
        catch (SocketException e)
        {
            IPEndPoint endPoint = server.EndPoint;
            throw new UserErrorException(ExitCode.CannotConnect, e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse =>
                    $"cannot listen on {endPoint}: the port is in use; choose another port, or 0 for any free port",
                SocketError.AddressNotAvailable => $"cannot listen on {endPoint}: {endPoint.Address} is not an address of this machine",
                SocketError.AccessDenied =>
                    $"cannot listen on {endPoint}: ports below 1024 are reserved for the system; choose a higher port",
                _ => $"cannot listen on {endPoint}: {e.Message}",
            });
        }
    }

    /// <param name="option">The option, with the text that precedes the folder, such as <c>--host a=</c>.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The options of the store.</param>
    private static LocalFileStore OpenStore(string option, string folder, LocalStoreOptions options)
    {
        try
        {
            return Directory.Exists(folder)
                ? new LocalFileStore(folder, options)
                : throw new UserErrorException(ExitCode.LocalFileError, $"{option}{folder}: no such folder");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot share {folder}: {LocalErrorText.Describe(e)}");
        }
        catch (ArgumentException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError,
                $"cannot share {folder}: this folder is reserved for the keys and settings of fts",
                $"choose another folder with {option.TrimEnd()}");
        }
    }

    /// <summary>
    /// Stops the server when all running transfers have finished, at the latest after <see cref="DrainTimeout"/>. Returns the exit code of
    /// the signal if transfers were interrupted, otherwise <see cref="ExitCode.Success"/>.
    /// </summary>
    private static async Task<ExitCode> StopAsync(FtpServer server, ServerLog log, StopSignals signals, ExitCode signal)
    {
        int sessions = server.SessionCount;
        log.WriteScreenLine(sessions == 0
            ? "stopping"
            : $"stopping: {sessions} session{(sessions == 1 ? "" : "s")} connected; "
                + $"waiting up to {DrainTimeout.TotalSeconds:F0} s for running transfers; press Ctrl-C again to stop at once");
        log.WriteEvent(LogLevel.Information, "Stopping", $"stopping: {sessions} sessions connected", ("Sessions", sessions));
        long started = Environment.TickCount64;
        await server.StopAsync(signals.SecondSignal);
        bool wasInterrupted = signals.SecondSignal.IsCancellationRequested
            || Environment.TickCount64 - started >= DrainTimeout.TotalMilliseconds;
        string text = wasInterrupted ? "stopped; running transfers were interrupted" : "stopped";
        log.WriteScreenLine(text);
        log.WriteEvent(LogLevel.Information, "Stopped", text, ("Interrupted", wasInterrupted));
        return wasInterrupted ? signal : ExitCode.Success;
    }
}
