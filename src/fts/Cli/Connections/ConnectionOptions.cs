using System.CommandLine;
using System.Text;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;
using Fts.Trust;

namespace Fts.Cli.Connections;

/// <summary>The options that say how a server is reached and what its transfers are like: the same for every subcommand that connects to one.</summary>
internal sealed class ConnectionOptions
{
    /// <summary>For many files to a server without block mode, and a large one in segments; one that allows fewer gets fewer. Other commands need no second.</summary>
    private const int DefaultConnections = 4;

    private readonly Option<string> _user = new("--user");
    private readonly Option<string> _passwordFile = new("--password-file");
    private readonly Option<bool> _active = new("--active");
    private readonly Option<bool> _passive = new("--passive");
    private readonly Option<string> _passiveAddress = new("--passive-address");
    private readonly Option<string> _proxy = new("--proxy");
    private readonly Option<string> _tls = new("--tls");
    private readonly Option<string> _authorities = new("--ca");
    private readonly Option<string> _certificate = new("--cert");
    private readonly Option<string> _key = new("--key");
    private readonly Option<string> _compress = new("--compress");
    private readonly Option<string> _verify = new("--verify");
    private readonly Option<string> _segments = new("--segments");
    private readonly Option<bool> _ascii = new("--ascii");
    private readonly Option<string> _encoding = new("--encoding");
    private readonly Option<string> _color = new("--color");
    private readonly Option<string> _progress = new("--progress");
    private readonly Option<bool>[] _existingFile = [.. TransferSettings.Options.Select(option => new Option<bool>(option.Name))];

    /// <summary>All of them, and a subcommand's own.</summary>
    public Option[] GetCommandLineOptions(params ReadOnlySpan<Option> others) =>
    [
        _user, _passwordFile, _active, _passive, _passiveAddress, _proxy, _tls, _authorities, _certificate, _key, _compress, _verify, _segments, _ascii, _encoding, _color, _progress, .. _existingFile, .. others,
    ];

    /// <summary>What <c>--user</c> says.</summary>
    public string? GetUser(CommandLine line) => line.GetValue(_user);

    /// <summary>Where to write, as the line wants it.</summary>
    public Terminal CreateTerminal(CommandLine line) => new(line.GetChoice(_color, "auto", "always", "never"), line.GetChoice(_progress, "auto", "always", "never"));

    /// <summary>Prepares a connection; nothing is sent yet, but a password may be asked for.</summary>
    /// <exception cref="UserErrorException">A value that cannot be, or a file that cannot be read.</exception>
    public ServerConnection PrepareConnection(CommandLine line, Target target, Terminal terminal, bool debug)
    {
        FtpProxy? proxy = ProxySelector.SelectProxy(line.GetValue(_proxy), target, Environment.GetEnvironmentVariable);
        TransferSettings transfers = ParseTransferSettings(line) with { Type = line.HasOption(_ascii) ? FtpTransferType.Ascii : target.Type ?? FtpTransferType.Binary };
        transfers.Validate();
        Encoding encoding = NameEncoding.FindEncoding(line.GetValue(_encoding));
        FtpDataMode dataMode = ParseDataMode(line.HasOption(_active), line.HasOption(_passive), proxy);
        var serverTrust = new ServerTrust(target, KnownHosts.ForUser, terminal);
        FtpTlsMode mode = serverTrust.ResolveTlsMode(line.GetChoice(_tls, "auto", "required", "off", "implicit", "explicit"), line.GetValue(_authorities), line.GetValue(_certificate));
        FtpTrust trust = ClientCertificateOptions.AddTo(serverTrust.CreateTrust(line.GetValue(_authorities)), line.GetValue(_certificate), line.GetValue(_key), mode, terminal);
        SignInCredentials credentials = SignInCredentials.Find(target, line.GetValue(_passwordFile), terminal, hasCertificate: trust.ClientCertificate is not null);
        target = target with { UsesImplicitTls = mode == FtpTlsMode.Implicit };
        var meter = new ConnectMeter(terminal, target.ToString().ToPrintable());
        var client = new FtpClient(new FtpClientOptions
        {
            Host = target.Host,
            Port = target.Port,
            Credentials = new FtpCredentials(credentials.User, credentials.Password),
            // Waiting for a key blocks its thread, and this one may be the one that reads all sockets.
            RequestAccountAsync = cancel => new ValueTask<string?>(Task.Run(() => SignInCredentials.FindAccount(target, credentials.User, terminal), cancel)),
            DataMode = dataMode,
            PassiveAddressSource = line.GetChoice(_passiveAddress, "control", "server") == "server" ? FtpPassiveAddressSource.ServerReply : FtpPassiveAddressSource.ControlConnection,
            Proxy = proxy,
            Encoding = encoding,
            Tls = mode,
            Trust = trust,
            ConfirmPlainPasswordAsync = terminal.IsInteractive ? cancel => UnencryptedPasswordPrompt.ConfirmAsync(terminal, target, credentials.User, cancel) : null,
            Compression = line.GetChoice(_compress, "auto", "off", "always") switch
            {
                "off" => FtpCompression.Off,
                "always" => FtpCompression.Always,
                _ => FtpCompression.Auto,
            },
            MaxConnections = Math.Max(transfers.Segments ?? 0, DefaultConnections),
            // A Ctrl-C is to be obeyed within two seconds, whatever the server does.
            Timeouts = new FtpTimeouts { Resync = TimeSpan.FromSeconds(1.5) },
            ConnectProgress = meter,
            Trace = debug ? trace => terminal.WriteMessage(terminal.Colorize("2", $"{(trace.IsSent ? '>' : '<')} {trace.Line}")) : null,
        });
        return new ServerConnection(client, target, credentials, terminal, transfers, meter);
    }

    /// <summary>Whether <c>--ascii</c> was given.</summary>
    public bool IsAscii(CommandLine line) => line.HasOption(_ascii);

    private TransferSettings ParseTransferSettings(CommandLine line) => new(
        TransferSettings.ParseExistingFileAction(name => line.HasOption(_existingFile.Single(option => option.Name == name)), ExistingFileAction.Default),
        line.GetChoice(_verify, "auto", "always", "never") switch
        {
            "always" => FtpVerification.ByHash,
            "never" => FtpVerification.Length,
            _ => FtpVerification.ResumedByHash,
        },
        TransferSettings.ParseSegments(line.GetValue(_segments)));

    private static FtpDataMode ParseDataMode(bool isActive, bool isPassive, FtpProxy? proxy) => (isActive, isPassive) switch
    {
        (true, true) => throw CommandLine.CreateUsageError("--active and --passive exclude each other"),
        (true, false) when proxy is not null => throw CommandLine.CreateUsageError($"--active does not work through the proxy {proxy}: the server cannot connect to this machine; --proxy off goes without"),
        (true, false) => FtpDataMode.Active,
        (false, true) => FtpDataMode.Passive,
        _ => FtpDataMode.Automatic,
    };
}
