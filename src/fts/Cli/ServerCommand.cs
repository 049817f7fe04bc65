using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Accounts.Recording;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Server;
using Fts.Serving;
using Fts.Serving.Accounts;
using Fts.Storage.Local;
using Microsoft.Extensions.Logging;

namespace Fts.Cli;

/// <summary>The <c>fts server</c> subcommand. It shares a folder until a signal stops the server.</summary>
internal static class ServerCommand
{
    private static readonly Option<string> FolderOption = new("--folder")
    {
        HelpName = "DIR",
        Description = "folder to share (default: the current folder)",
    };

    private static readonly ChoiceOption AnonymousOption = new(
        "--anonymous", "RIGHTS", "rights of clients without a password",
        ("auto", "on a loopback address: read and write for clients that run as you or root"),
        ("read", "read"),
        ("write", "read and write"),
        ("no", "none"));

    private static readonly Option<bool> QuietOption = new("--quiet") { Description = "log warnings and errors only" };

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
            new OptionGroup("Sharing", FolderOption, AnonymousOption, QuietOption),
            ServerAccounts.CommandLineOptions,
            TlsSettings.EncryptionOptions,
            TlsSettings.ClientCertificateOptions,
            VirtualHosts.CommandLineOptions,
            NetworkSettings.CommandLineOptions,
            UploadPolicy.CommandLineOptions,
            SessionLimits.CommandLineOptions,
            ServerRecords.CommandLineOptions,
            Sandbox.CommandLineOptions,
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
            "SIGHUP reloads changed certificates.",
        ],
    });

    /// <summary>Runs the server until a signal stops it.</summary>
    /// <exception cref="UserErrorException">An option is invalid, or a file or the address cannot be used.</exception>
    public static async Task<ExitCode> RunAsync(string[] args)
    {
        OpenFileLimit.Raise();
        var line = new CommandLine(Definition, args);
        var endPoint = new IPEndPoint(line.GetAddress(0, IPAddress.Loopback), line.GetPort(1, Target.DefaultPort, allowsZero: true));
        bool debug = line.IsDebug(2);
        string anonymous = line.GetChoice(AnonymousOption);
        string folder = Path.GetFullPath(line.GetValue(FolderOption) ?? ".");

        var uploads = UploadPolicy.Parse(line);
        var tlsSettings = TlsSettings.Parse(line);
        var hosts = VirtualHosts.Parse(line, hasTls: tlsSettings.Options is not null);
        var limits = SessionLimits.Parse(line);
        var networkSettings = NetworkSettings.Parse(line, endPoint.Port, tlsSettings.ImplicitPort);
        // Behind a load balancer on this machine, all clients connect from the loopback address.
        bool isLocal = IPAddress.IsLoopback(endPoint.Address) && networkSettings.LoadBalancers.Count == 0;
        await using ServerAccounts? accounts = ServerAccounts.Open(line);
        SignInRules signInRules = accounts is { Count: > 0 }
            ? SignInRules.CreateForAccounts(anonymous)
            : SignInRules.Create(isLocal, anonymous);
        LocalStoreOptions files = uploads.StoreOptions with { ProtectedPaths = ProtectedFiles.GetPaths(tlsSettings, hosts, accounts) };
        string[] servedFolders = [folder, .. hosts.Folders.Select(host => host.Folder), .. accounts?.Folders ?? []];
        // The sandbox restricts this thread and the threads that this thread starts later, so no thread must be started earlier.
        var sandbox = Sandbox.Enter(
            line, servedFolders, tlsSettings.ConfiguredFiles.Concat(hosts.Files), tlsSettings.OwnCertificateFile, accounts?.State.Path);
        LogLevel normalLevel = debug ? LogLevel.Debug : LogLevel.Information;
        await using var output = new BackgroundLineWriter(StandardStreams.Error);
        var loggers = new LineLoggerFactory(output, line.HasOption(QuietOption) ? LogLevel.Warning : normalLevel);
        LocalFileStore served = OpenStore("--folder", folder, files);
        await using ServerRecords? records = accounts is null
            ? null
            : await ServerRecords.OpenAsync(line, accounts.State, uploads.IsDurable, files, loggers);
        if (records is not null)
        {
            accounts!.QuotasChanged = quotas => records.Records.SetQuotas(quotas);
        }

        IAuthenticator authenticator = tlsSettings.AddCertificateLogin(signInRules.Authenticator);
        if (accounts is not null)
        {
            authenticator = accounts.CreateAuthenticator(
                signInRules, authenticator, served, folder, files,
                text => output.Write(LineLogger.AddTimestamp("warning: " + text.ToPrintable())));
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
            Tls = accounts is null ? tlsSettings.Options : tlsSettings.WithAccountKeys(accounts.Keys).Options,
            ImplicitTlsEndPoint = tlsSettings.GetImplicitEndPoint(endPoint.Address),
            PassivePorts = networkSettings.Ports,
            PassiveAddresses = networkSettings.Addresses,
            ProxyProtocolNetworks = networkSettings.LoadBalancers,
            DataConnectionTimeout = networkSettings.DataTimeout,
            DataPeers = networkSettings.DataPeers,
            MaxSessions = limits.Sessions,
            MaxSessionsPerAddress = limits.PerAddress,
            DrainTimeout = DrainTimeout,
            LoggerFactory = loggers,
            Records = records?.Records,
            StoreLocations = new StoreLocations(folder),
            Trace = debug
                ? trace => output.Write(LineLogger.AddTimestamp($"[{trace.Session}] {(trace.IsReply ? '<' : '>')} {trace.Line}"))
                : null,
        });
        await using (server)
        {
            using var signals = new StopSignals(server.Reload);
            await StartAsync(server);
            accounts?.Start();
            foreach (string text in StartupSummary.FormatLines(
                server, isLocal, folder, signInRules, tlsSettings, hosts, networkSettings, sandbox, accounts))
            {
                output.Write(text);
            }

            ExitCode signal = await signals.FirstSignal;
            return await StopAsync(server, output, signals, signal);
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

    private static LocalFileStore OpenStore(string option, string folder, LocalStoreOptions options)
    {
        try
        {
            return Directory.Exists(folder)
                ? new LocalFileStore(folder, options)
                : throw new UserErrorException(ExitCode.LocalFileError, $"{option} {folder}: no such folder");
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
                $"choose another folder with {option}");
        }
    }

    /// <summary>
    /// Stops the server when all running transfers have finished, at the latest after <see cref="DrainTimeout"/>. Returns the exit code of
    /// the signal if transfers were interrupted, otherwise <see cref="ExitCode.Success"/>.
    /// </summary>
    private static async Task<ExitCode> StopAsync(FtpServer server, BackgroundLineWriter output, StopSignals signals, ExitCode signal)
    {
        int sessions = server.SessionCount;
        output.Write(sessions == 0
            ? "stopping"
            : $"stopping: {sessions} session{(sessions == 1 ? "" : "s")} connected; "
                + $"waiting up to {DrainTimeout.TotalSeconds:F0} s for running transfers; press Ctrl-C again to stop at once");
        long started = Environment.TickCount64;
        await server.StopAsync(signals.SecondSignal);
        bool wasInterrupted = signals.SecondSignal.IsCancellationRequested
            || Environment.TickCount64 - started >= DrainTimeout.TotalMilliseconds;
        output.Write(wasInterrupted ? "stopped; running transfers were interrupted" : "stopped");
        return wasInterrupted ? signal : ExitCode.Success;
    }
}
