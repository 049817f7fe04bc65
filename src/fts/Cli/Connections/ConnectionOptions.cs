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
    private const int UsualConnections = 4;

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
    private readonly Option<bool>[] _ifThere = [.. TransferChoices.Options.Select(option => new Option<bool>(option.Name))];

    /// <summary>All of them, and a subcommand's own.</summary>
    public Option[] With(params ReadOnlySpan<Option> others) =>
    [
        _user, _passwordFile, _active, _passive, _passiveAddress, _proxy, _tls, _authorities, _certificate, _key, _compress, _verify, _segments, _ascii, _encoding, _color, _progress, .. _ifThere, .. others,
    ];

    /// <summary>What <c>--user</c> says.</summary>
    public string? User(CommandLine line) => line.Value(_user);

    /// <summary>Where to write, as the line wants it.</summary>
    public Terminal Terminal(CommandLine line) => new(line.OneOf(_color, "auto", "always", "never"), line.OneOf(_progress, "auto", "always", "never"));

    /// <summary>Prepares a connection; nothing is sent yet, but a password may be asked for.</summary>
    /// <exception cref="FailureException">A value that cannot be, or a file that cannot be read.</exception>
    public Connection Prepare(CommandLine line, Target target, Terminal terminal, bool debug)
    {
        FtpProxy? proxy = ProxyChoice.Find(line.Value(_proxy), target, Environment.GetEnvironmentVariable);
        TransferChoices transfers = Transfers(line) with { Type = line.Has(_ascii) ? FtpTransferType.Ascii : target.Type ?? FtpTransferType.Binary };
        transfers.Validate();
        Encoding encoding = NameEncoding.Find(line.Value(_encoding));
        FtpDataMode dataMode = DataMode(line.Has(_active), line.Has(_passive), proxy);
        var trust = new ServerTrust(target, KnownHosts.OfUser, terminal);
        FtpTlsMode mode = trust.Mode(line.OneOf(_tls, "auto", "required", "off", "implicit", "explicit"), line.Value(_authorities), line.Value(_certificate));
        FtpTrust believed = OwnCertificate.Add(trust.For(line.Value(_authorities)), line.Value(_certificate), line.Value(_key), mode, terminal);
        SignIn signIn = SignIn.Find(target, line.Value(_passwordFile), terminal, hasCertificate: believed.ClientCertificate is not null);
        target = target with { UsesImplicitTls = mode == FtpTlsMode.Implicit };
        var meter = new ConnectMeter(terminal, target.ToString().ToPrintable());
        var client = new FtpClient(new FtpClientOptions
        {
            Host = target.Host,
            Port = target.Port,
            Credentials = new FtpCredentials(signIn.User, signIn.Password),
            // Waiting for a key blocks its thread, and this one may be the one that reads all sockets.
            RequestAccountAsync = cancel => new ValueTask<string?>(Task.Run(() => SignIn.FindAccount(target, signIn.User, terminal), cancel)),
            DataMode = dataMode,
            PassiveAddressSource = line.OneOf(_passiveAddress, "control", "server") == "server" ? FtpPassiveAddressSource.ServerReply : FtpPassiveAddressSource.ControlConnection,
            Proxy = proxy,
            Encoding = encoding,
            Tls = mode,
            Trust = believed,
            ConfirmPlainPasswordAsync = terminal.IsInteractive ? cancel => PlainPassword.ConfirmAsync(terminal, target, signIn.User, cancel) : null,
            Compression = line.OneOf(_compress, "auto", "off", "always") switch
            {
                "off" => FtpCompression.Off,
                "always" => FtpCompression.Always,
                _ => FtpCompression.Auto,
            },
            MaxConnections = Math.Max(transfers.Segments ?? 0, UsualConnections),
            // A Ctrl-C is to be obeyed within two seconds, whatever the server does.
            Timeouts = new FtpTimeouts { Resync = TimeSpan.FromSeconds(1.5) },
            ConnectProgress = meter,
            Trace = debug ? trace => terminal.Say(terminal.Paint("2", $"{(trace.IsSent ? '>' : '<')} {trace.Line}")) : null,
        });
        return new Connection(client, target, signIn, terminal, transfers, meter);
    }

    /// <summary>Whether <c>--ascii</c> was given.</summary>
    public bool IsAscii(CommandLine line) => line.Has(_ascii);

    private TransferChoices Transfers(CommandLine line) => new(
        TransferChoices.From(name => line.Has(_ifThere.Single(option => option.Name == name)), IfThere.Unsaid),
        line.OneOf(_verify, "auto", "always", "never") switch
        {
            "always" => FtpVerification.ByHash,
            "never" => FtpVerification.Length,
            _ => FtpVerification.ResumedByHash,
        },
        TransferChoices.SegmentsFrom(line.Value(_segments)));

    private static FtpDataMode DataMode(bool active, bool passive, FtpProxy? proxy) => (active, passive) switch
    {
        (true, true) => throw CommandLine.Usage("--active and --passive exclude each other"),
        (true, false) when proxy is not null => throw CommandLine.Usage($"--active does not work through the proxy {proxy}: the server cannot connect to this machine; --proxy off goes without"),
        (true, false) => FtpDataMode.Active,
        (false, true) => FtpDataMode.Passive,
        _ => FtpDataMode.Automatic,
    };
}
