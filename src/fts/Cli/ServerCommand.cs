using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Cli.Connections;
using Fts.Server;
using Fts.Serving;
using Fts.Storage.Local;
using Microsoft.Extensions.Logging;

namespace Fts.Cli;

/// <summary><c>fts server</c>: shares a folder until a signal ends it.</summary>
internal static class ServerCommand
{
    private const string Usage = "fts server [ip] [port] [debug] [options]";

    /// <summary>How long a first Ctrl-C waits for the transfers that run.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    public static async Task<ExitCode> RunAsync(string[] args)
    {
        OpenFileLimit.Raise();
        var folderOption = new Option<string>("--folder");
        var anonymousOption = new Option<string>("--anonymous");
        var quietOption = new Option<bool>("--quiet");
        var line = new CommandLine(
            "server", Usage, 3, args,
            [
                folderOption, anonymousOption, quietOption, .. UploadPolicy.CommandLineOptions, .. TlsSettings.CommandLineOptions, .. VirtualHosts.CommandLineOptions,
                .. NetworkSettings.CommandLineOptions, .. SessionLimits.CommandLineOptions, .. Sandbox.CommandLineOptions,
            ]);
        var endPoint = new IPEndPoint(line.GetAddress(0, IPAddress.Loopback), line.GetPort(1, Target.DefaultPort, allowsZero: true));
        bool debug = line.IsDebug(2);
        string anonymous = line.GetChoice(anonymousOption, "auto", "read", "write", "no");
        string folder = Path.GetFullPath(line.GetValue(folderOption) ?? ".");

        var uploads = UploadPolicy.Parse(line);
        var tlsSettings = TlsSettings.Parse(line);
        var hosts = VirtualHosts.Parse(line, hasTls: tlsSettings.Options is not null);
        var limits = SessionLimits.Parse(line);
        var networkSettings = NetworkSettings.Parse(line, endPoint.Port, tlsSettings.ImplicitPort);
        // Behind a balancer on this machine everybody comes by the loopback address.
        bool isLocal = IPAddress.IsLoopback(endPoint.Address) && networkSettings.LoadBalancers.Count == 0;
        SignInRules signInRules = SignInRules.Create(isLocal, anonymous);
        IAuthenticator accounts = tlsSettings.AddCertificateLogin(signInRules.Authenticator);
        LocalStoreOptions files = uploads.StoreOptions with { ProtectedPaths = ProtectedFiles.GetPaths(tlsSettings, hosts) };
        // Threads inherit it: nothing above starts one, everything below may.
        var sandbox = Sandbox.Enter(line, [folder, .. hosts.Folders.Select(host => host.Folder)], tlsSettings.ConfiguredFiles.Concat(hosts.Files), tlsSettings.OwnCertificateFile);
        await using var output = new BackgroundLineWriter(StandardStreams.Error);
        var server = new FtpServer(new FtpServerOptions
        {
            Store = OpenStore("--folder", folder, files),
            Authenticator = accounts,
            Hosts = hosts.CreateHosts(accounts, (option, hostFolder) => OpenStore(option, hostFolder, files)),
            PublishPolicy = uploads.Publish,
            PartialUploadLifetime = uploads.KeepPartial,
            EndPoint = endPoint,
            Tls = tlsSettings.Options,
            ImplicitTlsEndPoint = tlsSettings.GetImplicitEndPoint(endPoint.Address),
            PassivePorts = networkSettings.Ports,
            PassiveAddresses = networkSettings.Addresses,
            ProxyProtocolNetworks = networkSettings.LoadBalancers,
            DataConnectionTimeout = networkSettings.DataTimeout,
            DataPeers = networkSettings.DataPeers,
            MaxSessions = limits.Sessions,
            MaxSessionsPerAddress = limits.PerAddress,
            DrainTimeout = DrainTimeout,
            LoggerFactory = new LineLoggerFactory(output, line.HasOption(quietOption) ? LogLevel.Warning : debug ? LogLevel.Debug : LogLevel.Information),
            Trace = debug ? trace => output.Write(LineLogger.AddTimestamp($"[{trace.Session}] {(trace.IsReply ? '<' : '>')} {trace.Line}")) : null,
        });
        await using (server)
        {
            using var signals = new StopSignals(server.Reload);
            await StartAsync(server);
            foreach (string text in StartupSummary.FormatLines(server, isLocal, folder, signInRules, tlsSettings, hosts, networkSettings, sandbox))
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
                SocketError.AddressAlreadyInUse => $"cannot listen on {endPoint}: the port is in use; choose another, or 0 for any that is free",
                SocketError.AddressNotAvailable => $"cannot listen on {endPoint}: {endPoint.Address} is no address of this machine",
                SocketError.AccessDenied => $"cannot listen on {endPoint}: ports below 1024 are reserved for the system; choose a higher one",
                _ => $"cannot listen on {endPoint}: {e.Message}",
            });
        }
    }

    private static LocalFileStore OpenStore(string option, string folder, LocalStoreOptions options)
    {
        try
        {
            return Directory.Exists(folder) ? new LocalFileStore(folder, options) : throw new UserErrorException(ExitCode.LocalFileError, $"{option} {folder}: no such folder");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot share {folder}: {LocalErrorText.Describe(e)}");
        }
        catch (ArgumentException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot share {folder}: fts keeps its own keys and settings there", $"choose another folder with {option}");
        }
    }

    /// <summary>Lets running transfers end. Stopped before they did, the exit code names the signal: something was cut off.</summary>
    private static async Task<ExitCode> StopAsync(FtpServer server, BackgroundLineWriter output, StopSignals signals, ExitCode signal)
    {
        int sessions = server.SessionCount;
        output.Write(sessions == 0 ? "stopping" : $"stopping: {sessions} connected; running transfers get up to {DrainTimeout.TotalSeconds:F0} s, Ctrl-C again stops at once");
        long started = Environment.TickCount64;
        await server.StopAsync(signals.SecondSignal);
        bool wasCutOff = signals.SecondSignal.IsCancellationRequested || Environment.TickCount64 - started >= DrainTimeout.TotalMilliseconds;
        output.Write(wasCutOff ? "stopped; what was still running is cut off" : "stopped");
        return wasCutOff ? signal : ExitCode.Success;
    }
}
