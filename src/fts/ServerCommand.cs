using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server;
using Fts.Storage.Local;
using Microsoft.Extensions.Logging;

namespace Fts.Cli;

/// <summary><c>fts server</c>: shares a folder until a signal ends it.</summary>
internal static class ServerCommand
{
    private const string Usage = "fts server [ip] [port] [debug] [options]";

    /// <summary>How long a first Ctrl-C waits for the transfers that run.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(10);

    public static async Task<ExitCode> RunAsync(string[] args)
    {
        OpenFileLimit.Raise();
        var folderOption = new Option<string>("--folder");
        var anonymousOption = new Option<string>("--anonymous");
        var quiet = new Option<bool>("--quiet");
        var line = new CommandLine(
            "server", Usage, 3, args,
            [
                folderOption, anonymousOption, quiet, .. UploadPolicy.CommandLineOptions, .. Encryption.CommandLineOptions, .. NamedHosts.CommandLineOptions,
                .. Reachability.CommandLineOptions, .. SessionLimits.CommandLineOptions, .. Sandbox.CommandLineOptions,
            ]);
        var endPoint = new IPEndPoint(line.Address(0, IPAddress.Loopback), line.Port(1, Target.DefaultPort, zeroAllowed: true));
        bool debug = line.Debug(2);
        string anonymous = line.OneOf(anonymousOption, "auto", "read", "write", "no");
        string folder = Path.GetFullPath(line.Value(folderOption) ?? ".");

        var uploads = UploadPolicy.From(line);
        var encryption = Encryption.From(line);
        var hosts = NamedHosts.From(line, hasTls: encryption.Options is not null);
        var limits = SessionLimits.From(line);
        var reachability = Reachability.From(line, endPoint.Port, encryption.ImplicitPort);
        // Behind a balancer on this machine everybody comes by the loopback address.
        bool isLocal = IPAddress.IsLoopback(endPoint.Address) && reachability.Balancers.Count == 0;
        Guests guests = Guests.For(isLocal, anonymous);
        IAuthenticator accounts = encryption.WithCertificates(guests.Accounts);
        LocalStoreOptions files = uploads.Store with { ProtectedPaths = OwnFiles.Of(encryption, hosts) };
        // Threads inherit it: nothing above starts one, everything below may.
        var sandbox = Sandbox.Enter(line, [folder, .. hosts.Folders.Select(host => host.Folder)], encryption.Files.Concat(hosts.Files), encryption.OwnFile);
        await using var output = new BackgroundLines(StandardStreams.Error);
        var server = new FtpServer(new FtpServerOptions
        {
            Store = Open("--folder", folder, files),
            Authenticator = accounts,
            Hosts = hosts.For(accounts, (option, hostFolder) => Open(option, hostFolder, files)),
            PublishPolicy = uploads.Publish,
            PartialUploadLifetime = uploads.KeepPartial,
            EndPoint = endPoint,
            Tls = encryption.Options,
            ImplicitTlsEndPoint = encryption.ImplicitEndPoint(endPoint.Address),
            PassivePorts = reachability.Ports,
            PassiveAddresses = reachability.Addresses,
            ProxyProtocolNetworks = reachability.Balancers,
            DataConnectionTimeout = reachability.DataTimeout,
            DataPeers = reachability.DataPeers,
            DrainTimeout = Drain,
            MaxSessions = limits.Sessions,
            MaxSessionsPerAddress = limits.PerAddress,
            LoggerFactory = new LineLoggerFactory(output, line.Has(quiet) ? LogLevel.Warning : debug ? LogLevel.Debug : LogLevel.Information),
            Trace = debug ? trace => output.Write(LineLogger.Stamp($"[{trace.Session}] {(trace.IsReply ? '<' : '>')} {trace.Line}")) : null,
        });
        await using (server)
        {
            using var signals = new StopSignals(server.Reload);
            await StartAsync(server);
            foreach (string text in StartScreen.Lines(server, isLocal, folder, guests, encryption, hosts, reachability, sandbox))
            {
                output.Write(text);
            }

            ExitCode signal = await signals.First;
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
            IPEndPoint at = server.EndPoint;
            throw new FailureException(ExitCode.CannotConnect, e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"cannot listen on {at}: the port is in use; choose another, or 0 for any that is free",
                SocketError.AddressNotAvailable => $"cannot listen on {at}: {at.Address} is no address of this machine",
                SocketError.AccessDenied => $"cannot listen on {at}: ports below 1024 are reserved for the system; choose a higher one",
                _ => $"cannot listen on {at}: {e.Message}",
            });
        }
    }

    private static LocalFileStore Open(string option, string folder, LocalStoreOptions options)
    {
        try
        {
            return Directory.Exists(folder) ? new LocalFileStore(folder, options) : throw new FailureException(ExitCode.LocalFiles, $"{option} {folder}: no such folder");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(ExitCode.LocalFiles, $"cannot share {folder}: {LocalReason.Of(e)}");
        }
        catch (ArgumentException)
        {
            throw new FailureException(
                ExitCode.LocalFiles, $"cannot share {folder}: fts keeps its own keys and settings there", $"choose another folder with {option}");
        }
    }

    /// <summary>Lets running transfers end. Stopped before they did, the exit code names the signal: something was cut off.</summary>
    private static async Task<ExitCode> StopAsync(FtpServer server, BackgroundLines output, StopSignals signals, ExitCode signal)
    {
        int sessions = server.SessionCount;
        output.Write(sessions == 0 ? "stopping" : $"stopping: {sessions} connected; running transfers get up to {Drain.TotalSeconds:F0} s, Ctrl-C again stops at once");
        long started = Environment.TickCount64;
        await server.StopAsync(signals.Second);
        bool cut = signals.Second.IsCancellationRequested || Environment.TickCount64 - started >= Drain.TotalMilliseconds;
        output.Write(cut ? "stopped; what was still running is cut off" : "stopped");
        return cut ? signal : ExitCode.Done;
    }
}
