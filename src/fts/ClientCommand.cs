using System.CommandLine;
using System.Net;
using System.Text;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary><c>fts client</c>: connects, greets, and takes commands until somebody leaves.</summary>
internal static class ClientCommand
{
    private const string Usage = "fts client [ip|host|URL] [port] [debug] [options]";

    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var user = new Option<string>("--user");
        var passwordFile = new Option<string>("--password-file");
        var active = new Option<bool>("--active");
        var passive = new Option<bool>("--passive");
        var passiveAddress = new Option<string>("--passive-address");
        var proxyUrl = new Option<string>("--proxy");
        var tls = new Option<string>("--tls");
        var authorities = new Option<string>("--ca");
        var certificate = new Option<string>("--cert");
        var key = new Option<string>("--key");
        var compress = new Option<string>("--compress");
        var verify = new Option<string>("--verify");
        var segments = new Option<string>("--segments");
        Option<bool>[] ifThere = [.. TransferChoices.Options.Select(option => new Option<bool>(option.Name))];
        var color = new Option<string>("--color");
        var progress = new Option<string>("--progress");
        var line = new CommandLine(
            "client", Usage, 3, args,
            user, passwordFile, active, passive, passiveAddress, proxyUrl, tls, authorities, certificate, key, compress, verify, segments, color, progress, ifThere[0], ifThere[1], ifThere[2]);
        var terminal = new Terminal(line.OneOf(color, "auto", "always", "never"), line.OneOf(progress, "auto", "always", "never"));
        Target target = Target.From(line, line.Value(user));
        bool debug = line.Debug(2);
        FtpProxy? proxy = ProxyChoice.Find(line.Value(proxyUrl), target, Environment.GetEnvironmentVariable);
        var transfers = new TransferChoices(
            TransferChoices.From(name => line.Has(ifThere.Single(option => option.Name == name)), IfThere.Unsaid),
            line.OneOf(verify, "auto", "always", "never") switch
            {
                "always" => FtpVerify.ByHash,
                "never" => FtpVerify.Length,
                _ => FtpVerify.ResumedByHash,
            },
            TransferChoices.SegmentsFrom(line.Value(segments)));
        FtpDataMode dataMode = DataMode(line.Has(active), line.Has(passive), proxy);

        var trust = new ServerTrust(target, KnownHosts.OfUser, terminal);
        FtpTlsMode mode = trust.Mode(line.OneOf(tls, "auto", "required", "off", "implicit"));
        FtpTrust believed = OwnCertificate.Add(trust.For(line.Value(authorities)), line.Value(certificate), line.Value(key), mode, terminal);
        SignIn signIn = SignIn.Find(target, line.Value(passwordFile), terminal, hasCertificate: believed.ClientCertificate is not null);
        using var interrupts = new Interrupts();
        await using var client = new FtpClient(new FtpClientOptions
        {
            Host = target.Host,
            Port = target.Port,
            Credentials = new FtpCredentials(signIn.User, signIn.Password),
            DataMode = dataMode,
            PassiveAddress = line.OneOf(passiveAddress, "control", "server") == "server" ? FtpDataAddress.Server : FtpDataAddress.Control,
            Proxy = proxy,
            Tls = mode,
            Trust = believed,
            Compression = line.OneOf(compress, "auto", "off", "always") switch
            {
                "off" => FtpCompression.Off,
                "always" => FtpCompression.Always,
                _ => FtpCompression.Auto,
            },
            // Commands come one at a time: none but a transfer in segments opens more than one.
            MaxConnections = transfers.Segments ?? TransferChoices.MostAutomatic,
            // A Ctrl-C is to be obeyed within two seconds, whatever the server does.
            Timeouts = new FtpTimeouts { Abort = TimeSpan.FromSeconds(1.5) },
            Trace = debug ? trace => terminal.Say(terminal.Paint("2", $"{(trace.IsSent ? '>' : '<')} {trace.Line}")) : null,
        });
        var shell = new Shell(client, target, terminal, interrupts, transfers);
        try
        {
            await ConnectAsync(shell, signIn, interrupts);
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException)
        {
            Failure failure = Failures.Of(e, "connect", target);
            terminal.Show(failure);
            return interrupts.Stop ?? failure.Code;
        }

        return await shell.RunAsync(Lines(shell));
    }

    private static async Task ConnectAsync(Shell shell, SignIn signIn, Interrupts interrupts)
    {
        CancellationToken cancellationToken = interrupts.Begin();
        bool wasInterrupted;
        try
        {
            await shell.Client.ConnectAsync(cancellationToken);
            string through = shell.Client.Options.Proxy is { } proxy ? $" through {proxy.ToString().Visible()}" : "";
            shell.Terminal.Say($"connected to {shell.Target}{through} as {signIn.User.Visible()}: {Failures.Brief(shell.Client.Greeting).Visible()}");
            if (shell.Client.ServerIdentity is null && shell.Client.Options.Tls == FtpTlsMode.WhenOffered && !IsLocal(shell.Target))
            {
                shell.Terminal.Say($"warning: {shell.Target} offers no encryption: whoever can listen on the network can read along");
            }

            if (shell.Target.Folder is { } folder)
            {
                await shell.Folder.ChangeAsync(shell.Client, shell.Target, folder, cancellationToken);
            }

            if (shell.Terminal.IsInteractive)
            {
                shell.Terminal.Say("help lists the commands, bye leaves");
            }
        }
        finally
        {
            wasInterrupted = interrupts.End();
        }

        if (wasInterrupted)
        {
            throw new OperationCanceledException();
        }
    }

    private static FtpDataMode DataMode(bool active, bool passive, FtpProxy? proxy) => (active, passive) switch
    {
        (true, true) => throw CommandLine.Usage("--active and --passive exclude each other"),
        (true, false) when proxy is not null => throw CommandLine.Usage($"--active does not work through the proxy {proxy}: the server cannot connect to this machine; --proxy off goes without"),
        (true, false) => FtpDataMode.Active,
        (false, true) => FtpDataMode.Passive,
        _ => FtpDataMode.Automatic,
    };

    private static bool IsLocal(Target target) =>
        string.Equals(target.Host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(target.Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>Lines with editing from a terminal that can, plain lines behind a prompt from one that cannot, and lines alone from a pipe.</summary>
    private static Func<Task<(LineEnd, string)>> Lines(Shell shell)
    {
        if (shell.Terminal is { IsInteractive: true, CanRedraw: true })
        {
            var completion = new NameCompletion(shell);
            var editor = new LineEditor(shell.Terminal, [], completion.CompleteAsync);
            return () =>
            {
                completion.Forget();
                return editor.ReadAsync("fts> ");
            };
        }

        var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        return async () =>
        {
            if (shell.Terminal.IsInteractive)
            {
                shell.Terminal.Write("fts> ");
            }

            string? line = await input.ReadLineAsync();
            return line is null ? (LineEnd.EndOfInput, "") : (LineEnd.Enter, line);
        };
    }
}
