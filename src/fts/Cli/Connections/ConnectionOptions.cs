using System.CommandLine;
using System.Globalization;
using System.Text;
using Fts.Accounts.Settings;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;
using Fts.Transfers.Retries;
using Fts.Trust;

namespace Fts.Cli.Connections;

/// <summary>The options of every subcommand that connects to a server.</summary>
internal sealed class ConnectionOptions
{
    /// <summary>
    /// The default maximum number of connections to a server. Only batches, mirrors and the segments of one file use several connections.
    /// Servers may allow fewer.
    /// </summary>
    private const int DefaultConnections = 4, MaxConnections = 64;

    private readonly Option<string> _user = new("--user")
    {
        HelpName = "NAME",
        Description = "user to log in as (default: the user in the URL or in ~/.netrc, or anonymous)",
    };

    private readonly Option<string> _passwordFile = new("--password-file")
    {
        HelpName = "FILE",
        Description = "file whose first line is the password of the user",
    };

    private readonly Option<string> _passwordCommand = new("--password-command")
    {
        HelpName = "COMMAND",
        Description = "program whose first output line is the password; words are split at spaces, quotes keep them together, and no " +
            "shell runs",
    };

    private readonly Option<string> _limitRate = new("--limit-rate")
    {
        HelpName = "RATE",
        Description = "maximum speed of all connections in bytes per second, or with K, M or G for powers of 1024",
    };

    private readonly Option<string> _connections = new("--connections")
    {
        HelpName = "N",
        Description = $"maximum number of connections to a server, 1 to {MaxConnections} (default: {DefaultConnections})",
    };

    private readonly Option<string> _retries = new("--retries")
    {
        HelpName = "N",
        Description = "attempts for each file, listing or connection after transient errors, including the first attempt; " +
            $"1 never repeats (default: {RetryPolicy.DefaultAttempts})",
    };

    private readonly Option<string> _retryDelay = new("--retry-delay")
    {
        HelpName = "SECONDS",
        Description = "delay before the second attempt; doubles with each further attempt (default: 1)",
    };

    private readonly ChoiceOption _tls = new(
        "--tls", "MODE", "encryption of the connection",
        ("auto", "TLS if the server offers it; required if TLS was used before"),
        ("required", "no login without TLS"),
        ("explicit", "the same as required"),
        ("implicit", "TLS from the first byte"),
        ("off", "everything unencrypted"));

    private readonly Option<string> _authorities = new("--ca")
    {
        HelpName = "FILE",
        Description = "trust only these certificate authorities (PEM)",
    };

    private readonly Option<string> _certificate = new("--cert") { HelpName = "FILE", Description = "client certificate (PEM or PFX)" };

    private readonly Option<string> _key = new("--key")
    {
        HelpName = "FILE",
        Description = "private key, if the certificate file does not contain it; FTS_KEY_PASSWORD is its password",
    };

    private readonly Option<bool> _active = new("--active") { Description = "let the server open data connections, never the client" };
    private readonly Option<bool> _passive = new("--passive") { Description = "let the client open data connections, never the server" };

    private readonly ChoiceOption _passiveAddress = new(
        "--passive-address", "SOURCE", "address for passive data connections",
        ("control", "the address of the control connection"),
        ("server", "the address in the reply to PASV"));

    private readonly Option<string> _proxy = new("--proxy")
    {
        HelpName = "URL",
        Description = "socks5://user@host:port, http://user@host:port or off; FTS_PROXY_PASSWORD is the password of the proxy " +
            "(default: ftp_proxy or all_proxy, unless no_proxy names the server)",
    };

    private readonly Option<bool>[] _existingFile =
        [.. TransferSettings.ExistingFileOptions.Select(option => new Option<bool>(option.Name) { Description = option.Description })];

    private readonly Option<bool> _ascii = new("--ascii")
    {
        Description = "convert line ends (TYPE A), without verification, resuming or segments",
    };

    private readonly ChoiceOption _compress = new(
        "--compress", "MODE", "compression of transfers (MODE Z)",
        ("auto", "if measurements show that compression is faster"),
        ("off", "never"),
        ("always", "if the server supports MODE Z"));

    private readonly Option<string> _segments = new("--segments")
    {
        HelpName = "N",
        Description = "connections for one large file: 1 to 16, or auto (default)",
    };

    private readonly ChoiceOption _verify = new(
        "--verify", "MODE", "comparison of SHA-256 hashes after a transfer",
        ("auto", "resumed files, if the server supports hashes"),
        ("always", "all files; fails if the server does not support hashes"),
        ("never", "no files"));

    private readonly Option<string> _encoding = new("--encoding")
    {
        HelpName = "NAME",
        Description = "encoding of names on the server: utf-8 (default), latin1, windows-1252, gbk, shift_jis, big5, euc-kr, " +
            "koi8-r or another",
    };

    private readonly ChoiceOption _color = new(
        "--color", "WHEN", "colours", ("auto", "on a terminal"), ("always", "always"), ("never", "never"));

    private readonly ChoiceOption _progress = new(
        "--progress", "WHEN", "progress of transfers",
        ("auto", "a bar on a terminal, a few lines in a log"),
        ("always", "always"),
        ("never", "never"));

    private readonly RecordingOptions _recording = new();
    private readonly Option<bool> _json = new(JsonOutput.OptionName) { Description = JsonOutput.Description };

    private readonly Option<bool> _debug = new("--debug") { Description = "show each request and reply, with passwords masked" };

    /// <summary>The exit codes of all subcommands that connect to a server.</summary>
    public static IReadOnlyList<HelpRow> ExitCodes { get; } =
    [
        new("0", "success"),
        new("1", "other error"),
        new("2", "usage error"),
        new("3", "cannot connect, or connection lost outside a transfer"),
        new("4", "login failed"),
        new("5", "TLS or trust error"),
        new("6", "not found"),
        new("7", "permission denied"),
        new("8", "transfer failed"),
        new("9", "some of several files or commands failed, or a listing had lines in an unknown format"),
        new("10", "verification failed: the contents differ or cannot be compared"),
        new("11", "local file error"),
        new("12", "no space, or quota exceeded, on the server"),
        new("129", "terminal closed (SIGHUP)"),
        new("130", "interrupted (Ctrl-C)"),
        new("143", "terminated (SIGTERM)"),
    ];

    /// <summary>The source of the password, for the help pages.</summary>
    public const string PasswordNote =
        "The password is read from --password-file or --password-command, FTS_PASSWORD, ~/.netrc or the terminal, in this order. " +
        "FTS_ACCOUNT is the " +
        "account for servers that request one (ACCT). A password is sent unencrypted to another machine only with " +
        "--tls off, or after a confirmation on the terminal.";

    /// <summary>Returns the options of <c>fts client</c>.</summary>
    public IReadOnlyList<OptionGroup> GetSessionOptions() => GetOptionGroups(_color, _progress);

    /// <summary>Returns the options of a one-shot command, including <c>--debug</c>.</summary>
    /// <param name="hasJson">Whether the command supports <c>--json</c>.</param>
    public IReadOnlyList<OptionGroup> GetOneShotOptions(bool hasJson = false) =>
    [
        .. GetOptionGroups(hasJson ? [_color, _progress, _json, _debug] : [_color, _progress, _debug]),
        new OptionGroup("Retries", _retries, _retryDelay),
    ];

    /// <summary>Returns the options of <c>fts doctor</c>, which transfers no files of the user.</summary>
    public IReadOnlyList<OptionGroup> GetDiagnosisOptions() =>
    [
        new OptionGroup("Login", _user, _passwordFile),
        new OptionGroup("Proxies and names", _proxy, _encoding),
        new OptionGroup("Encryption", _tls, _authorities, _certificate, _key),
        new OptionGroup("Output", _color, _debug),
        _recording.Group,
    ];

    /// <summary>
    /// Prepares the connection of <c>fts doctor</c>, without connecting. The certificate authorities of the system stay enabled, so that
    /// certificates can be judged even if a key is remembered.
    /// </summary>
    /// <exception cref="UserErrorException">An option is invalid, a file cannot be read, or a password is missing.</exception>
    public ServerConnection PrepareDiagnosis(CommandLine line, Target target, Terminal terminal) =>
        Prepare(line, target, new ServerTrust(target, KnownHosts.ForUser, terminal), terminal, IsDebug(line));

    /// <summary>Returns the options of a one-shot command that transfers no files into or out of local files.</summary>
    /// <param name="hasJson">Whether the command supports <c>--json</c>.</param>
    public IReadOnlyList<OptionGroup> GetRemoteOptions(bool hasJson = true) =>
    [
        .. GetConnectionGroups(),
        new OptionGroup("Names", _encoding),
        new OptionGroup("Retries", _retries, _retryDelay),
        new OptionGroup("Output", hasJson ? [_color, _progress, _json, _debug] : [_color, _progress, _debug]),
        _recording.Group,
    ];

    /// <summary>Returns all option groups. Commands that are printed as advice contain the options in the same order.</summary>
    private IReadOnlyList<OptionGroup> GetOptionGroups(params Option[] output) =>
    [
        .. GetConnectionGroups(),
        new OptionGroup("Transfers", _compress, _verify, _segments, _connections, _limitRate, _ascii, _encoding),
        new OptionGroup("Existing files", _existingFile),
        new OptionGroup("Output", output),
        _recording.Group,
    ];

    private IReadOnlyList<OptionGroup> GetConnectionGroups() =>
    [
        new OptionGroup("Login", _user, _passwordFile, _passwordCommand),
        new OptionGroup("Data connections and proxies", _active, _passive, _passiveAddress, _proxy),
        new OptionGroup("Encryption", _tls, _authorities, _certificate, _key),
    ];

    /// <summary>Returns whether <c>--debug</c> is given.</summary>
    public bool IsDebug(CommandLine line) => line.HasOption(_debug);

    /// <summary>Returns the value of <c>--user</c>, or null.</summary>
    public string? GetUser(CommandLine line) => line.GetValue(_user);

    /// <summary>Returns a terminal that uses the values of <c>--color</c> and <c>--progress</c>.</summary>
    public Terminal CreateTerminal(CommandLine line) => new(line.GetChoice(_color), line.GetChoice(_progress));

    /// <summary>Prepares the connection of a command that uses one server, without connecting. May ask the user for a password.</summary>
    /// <exception cref="UserErrorException">An option is invalid, a file cannot be read, or a password is missing.</exception>
    public ServerConnection PrepareConnection(CommandLine line, Target target, Terminal terminal, bool debug) =>
        PrepareConnections(line, [target], terminal, debug)[0];

    /// <summary>
    /// Prepares one connection for each server of a command, without connecting. May ask the user for passwords. Disables the certificate
    /// authorities of the system if no server needs them.
    /// </summary>
    /// <exception cref="UserErrorException">An option is invalid, a file cannot be read, or a password is missing.</exception>
    public IReadOnlyList<ServerConnection> PrepareConnections(
        CommandLine line, IReadOnlyList<Target> targets, Terminal terminal, bool debug)
    {
        var connections = new List<ServerConnection>();
        bool needsAuthorities = false;
        foreach (Target target in targets)
        {
            var trust = new ServerTrust(target, KnownHosts.ForUser, terminal);
            ServerConnection connection = Prepare(line, target, trust, terminal, debug);
            connections.Add(connection);
            bool hasCertificate = connection.Client.Options.Trust.ClientCertificate is not null;
            needsAuthorities |= connection.Client.Options.Tls != FtpTlsMode.Off
                && trust.NeedsSystemAuthorities(line.GetValue(_authorities), hasCertificate);
        }

        if (!needsAuthorities)
        {
            SystemAuthorities.Disable();
        }

        return connections;
    }

    /// <summary>Returns whether <c>--ascii</c> is given.</summary>
    public bool IsAscii(CommandLine line) => line.HasOption(_ascii);

    /// <summary>
    /// Prepares the connection to another server or of another user in a session. Does not use the password of the command line or of
    /// <c>FTS_PASSWORD</c>, because they belong to the first server and user.
    /// </summary>
    /// <param name="line">The command line of the session.</param>
    /// <param name="target">The server.</param>
    /// <param name="terminal">The terminal of the session.</param>
    /// <param name="credentials">The user and the password; null to find them in <c>.netrc</c>, or to ask.</param>
    /// <exception cref="UserErrorException">The server cannot be verified in this session, or a password is missing.</exception>
    public ServerConnection PrepareNext(CommandLine line, Target target, Terminal terminal, SignInCredentials? credentials)
    {
        var trust = new ServerTrust(target, KnownHosts.ForUser, terminal);
        if (SystemAuthorities.AreDisabled && GetTlsChoice(line, target) != "off"
            && trust.NeedsSystemAuthorities(line.GetValue(_authorities), line.GetValue(_certificate) is not null))
        {
            throw new UserErrorException(
                ExitCode.NotTrusted,
                $"open {target}: this session cannot verify a server that is not remembered",
                $"bye, then fts client {target.Host} {target.Port}");
        }

        return Prepare(line, target, trust, terminal, debug: false, credentials, isFirst: false);
    }

    private string GetTlsChoice(CommandLine line, Target target) =>
        line.IsSpecified(_tls.Name) ? line.GetChoice(_tls) : target.TlsChoice ?? line.GetChoice(_tls);

    private ServerConnection Prepare(
        CommandLine line,
        Target target,
        ServerTrust serverTrust,
        Terminal terminal,
        bool debug,
        SignInCredentials? knownCredentials = null,
        bool isFirst = true)
    {
        FtpProxy? proxy = ProxySelector.SelectProxy(line.GetValue(_proxy), target, Environment.GetEnvironmentVariable);
        FtpTransferType type = line.HasOption(_ascii) ? FtpTransferType.Ascii : target.Type ?? FtpTransferType.Binary;
        TransferSettings transfers = ParseTransferSettings(line) with { Type = type, Retries = ParseRetries(line) };
        transfers.Validate();
        Encoding encoding = NameEncoding.FindEncoding(line.GetValue(_encoding));
        FtpDataMode dataMode = ParseDataMode(line.HasOption(_active), line.HasOption(_passive), proxy);
        string? authorities = line.GetValue(_authorities), certificate = line.GetValue(_certificate);
        FtpTlsMode mode = serverTrust.ResolveTlsMode(GetTlsChoice(line, target), authorities, certificate);
        FtpTrust trust = ClientCertificateOptions.AddTo(
            serverTrust.CreateTrust(authorities), certificate, line.GetValue(_key), mode, terminal);
        bool hasCertificate = trust.ClientCertificate is not null;
        SignInCredentials credentials = knownCredentials ?? SignInCredentials.Find(
            target,
            isFirst ? line.GetValue(_passwordFile) : null,
            isFirst ? line.GetValue(_passwordCommand) : null,
            terminal,
            hasCertificate,
            usesVariable: isFirst);
        target = target with { UsesImplicitTls = mode == FtpTlsMode.Implicit };
        var meter = new ConnectMeter(terminal, target.ToString().ToPrintable());
        var client = new FtpClient(new FtpClientOptions
        {
            Host = target.Host,
            Port = target.Port,
            Credentials = new FtpCredentials(credentials.User, credentials.Password),
            // FindAccount runs on another thread, because waiting for a key would block the thread that reads the sockets.
            RequestAccountAsync = cancel =>
                new ValueTask<string?>(Task.Run(() => SignInCredentials.FindAccount(target, credentials.User, terminal), cancel)),
            DataMode = dataMode,
            PassiveAddressSource = line.GetChoice(_passiveAddress) == "server"
                ? FtpPassiveAddressSource.ServerReply
                : FtpPassiveAddressSource.ControlConnection,
            Proxy = proxy,
            Encoding = encoding,
            Tls = mode,
            Trust = trust,
            ConfirmPlainPasswordAsync = terminal.IsInteractive
                ? cancel => UnencryptedPasswordPrompt.ConfirmAsync(terminal, target, credentials.User, cancel)
                : null,
            Compression = line.GetChoice(_compress) switch
            {
                "off" => FtpCompression.Off,
                "always" => FtpCompression.Always,
                _ => FtpCompression.Auto,
            },
            MaxConnections = ParseNumber(line, _connections, MaxConnections) ?? Math.Max(transfers.Segments ?? 0, DefaultConnections),
            MaxBytesPerSecond = ParseRate(line),
            // Ctrl-C takes effect within two seconds, even if the server does not respond.
            Timeouts = new FtpTimeouts { Resync = TimeSpan.FromSeconds(1.5) },
            ConnectProgress = meter,
            Recorder = _recording.Open(line),
            // A session can turn the trace on later.
            Trace = debug || terminal.IsInteractive ? trace => WriteTrace(terminal, trace) : null,
        });
        terminal.ShowsTrace |= debug;
        return new ServerConnection(client, target, credentials, terminal, transfers, meter);
    }

    private static void WriteTrace(Terminal terminal, FtpTrace trace)
    {
        if (terminal.ShowsTrace)
        {
            terminal.WriteMessage(terminal.Colorize("2", $"{(trace.IsSent ? '>' : '<')} {trace.Line}"));
        }
    }

    private TransferSettings ParseTransferSettings(CommandLine line) => new(
        TransferSettings.ParseExistingFileAction(
            name => line.HasOption(_existingFile.Single(option => option.Name == name)), ExistingFileAction.Default),
        line.GetChoice(_verify) switch
        {
            "always" => FtpVerification.ByHash,
            "never" => FtpVerification.Length,
            _ => FtpVerification.ResumedByHash,
        },
        TransferSettings.ParseSegments(line.GetValue(_segments)));

    private RetryPolicy ParseRetries(CommandLine line)
    {
        TimeSpan delay = line.GetValue(_retryDelay) switch
        {
            null => TimeSpan.FromSeconds(1),
            var text when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
                && seconds <= 3600 => TimeSpan.FromSeconds(seconds),
            var text => throw CommandLine.CreateUsageError($"{_retryDelay.Name} {text}: must be a number of seconds from 0 to 3600"),
        };
        return new RetryPolicy(ParseNumber(line, _retries, RetryPolicy.MaxAttempts) ?? RetryPolicy.DefaultAttempts, delay);
    }

    private long? ParseRate(CommandLine line) => line.GetValue(_limitRate) switch
    {
        null => null,
        var text when text != SettingText.Unlimited && SettingText.TryParseBytes(text, out long rate) && rate > 0 => rate,
        var text => throw CommandLine.CreateUsageError($"{_limitRate.Name} {text}: must be a number such as 500K, 2M or 1000000"),
    };

    private static int? ParseNumber(CommandLine line, Option<string> option, int maximum) => line.GetValue(option) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= 1 && number <= maximum => number,
        var text => throw CommandLine.CreateUsageError($"{option.Name} {text}: must be a number from 1 to {maximum}"),
    };

    private static FtpDataMode ParseDataMode(bool isActive, bool isPassive, FtpProxy? proxy) => (isActive, isPassive) switch
    {
        (true, true) => throw CommandLine.CreateUsageError("--active and --passive cannot be combined"),
        (true, false) when proxy is not null => throw CommandLine.CreateUsageError(
            $"--active cannot be used with the proxy {proxy}, because the server cannot connect to this machine; " +
            "use --passive or --proxy off"),
        (true, false) => FtpDataMode.Active,
        (false, true) => FtpDataMode.Passive,
        _ => FtpDataMode.Automatic,
    };
}
