using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Fts.Accounts;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Server;
using Fts.Trust;

namespace Fts.Serving;

/// <summary>The TLS settings of the server. The certificate of the server is read, or created, only after the server listens.</summary>
/// <param name="Options">The options for the server library, or null without TLS.</param>
/// <param name="ImplicitPort">The port for implicit TLS: 0 for any free port, null for no implicit TLS.</param>
internal sealed record TlsSettings(FtpTlsOptions? Options, int? ImplicitPort)
{
    private const string Required = "required"; // of --tls and --close-notify
    private const string Require = "require"; // of --data-binding and --client-cert
    private const string Off = "off";

    private static readonly ChoiceOption TlsOption = new(
        "--tls", "MODE", "encryption of sessions",
        ("optional", "with or without TLS, as the client requests"),
        (Required, "no login and no data without TLS"),
        (Off, "unencrypted only"));

    private static readonly Option<string> ImplicitPortOption = new("--implicit-port")
    {
        HelpName = "PORT",
        Description = "second port, with TLS from the first byte",
    };

    private static readonly Option<string> CertificateOption = new DefaultedOption("--cert", GetOwnCertificatePath)
    {
        HelpName = "FILE",
        Description = "certificate (PEM or PFX; default: a self-signed one in ${XDG_STATE_HOME:-~/.local/state}/fts)",
    };

    private static readonly Option<string> KeyOption = new("--key")
    {
        HelpName = "FILE",
        Description = "private key of the certificate, if in another file",
    };

    private static readonly ChoiceOption DataBindingOption = new(
        "--data-binding", "MODE", "data connections that do not resume the TLS session of their control connection",
        ("observe", "are accepted; the first data connection without TLS resumption in each FTP session is logged"),
        (Require, "are refused; outside Linux, all encrypted data connections are refused"),
        (Off, "are accepted"));

    private static readonly Option<string> ClientAuthorityOption = new("--client-ca")
    {
        HelpName = "FILE",
        Description = "root certificates (PEM); a client with a certificate of these authorities logs in under the common name of the " +
            "certificate, without a password",
    };

    private static readonly ChoiceOption ClientCertificateOption = new(
        "--client-cert", "MODE", "clients without a trusted certificate",
        ("ask", "may log in with a password"),
        (Require, "cannot log in"));

    /// <summary>
    /// The option that selects whether uploads over TLS must end with close_notify. Help pages list it with the options of uploads.
    /// </summary>
    public static ChoiceOption CloseNotifyOption { get; } = new(
        "--close-notify", "MODE", "how an upload over TLS must end",
        (Required, "with close_notify, or with the size that ALLO announced; any other end gets reply 426"),
        ("optional", "in any way, as without TLS; attackers could truncate uploads unnoticed"));

    /// <summary>The files of <c>--cert</c> and <c>--key</c>. Empty if <c>--cert</c> is not given.</summary>
    public IReadOnlyList<string> ConfiguredFiles { get; private init; } = [];

    /// <summary>The file of <c>--client-ca</c>, or null if the option is not given.</summary>
    public string? ClientAuthorityFile { get; private init; }

    /// <summary>The file of the self-signed certificate, or null if <c>--cert</c> is given or TLS is off.</summary>
    public string? OwnCertificateFile { get; private init; }

    /// <summary>The options for encryption and the certificate of the server.</summary>
    public static OptionGroup EncryptionOptions { get; } = new(
        "Encryption", TlsOption, CertificateOption, KeyOption, ImplicitPortOption, DataBindingOption);

    /// <summary>The options for client certificates.</summary>
    public static OptionGroup ClientCertificateOptions { get; } = new(
        "Client certificates", ClientAuthorityOption, ClientCertificateOption);

    /// <summary>The fingerprint of the server key, in the format that clients print. Null without TLS.</summary>
    /// <exception cref="UserErrorException">The certificate cannot be read.</exception>
    public string? Fingerprint
    {
        get
        {
            try
            {
                return Options?.Certificates.KeyFingerprint;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                const string Hint = "--cert FILE and --key FILE, both PEM, or --tls off";
                throw ConfiguredFiles is [var file, ..]
                    ? CertificateFiles.CreateServerError("--cert ", file, "--key ", ConfiguredFiles.ElementAtOrDefault(1), e, Hint)
                    : new UserErrorException(
                        ExitCode.LocalFileError, $"cannot use the certificate: {LocalErrorText.Describe(e)}", Hint);
            }
        }
    }

    /// <summary>Parses the options.</summary>
    /// <exception cref="UserErrorException">A value is invalid, or options contradict each other.</exception>
    public static TlsSettings Parse(CommandLine line)
    {
        string policy = line.GetChoice(TlsOption);
        bool requiresCloseNotify = line.GetChoice(CloseNotifyOption) == Required;
        string binding = line.GetChoice(DataBindingOption);
        int? port = line.GetValue(ImplicitPortOption) is { } text
            ? CommandLine.ParsePort(text, allowsZero: true, ImplicitPortOption.Name)
            : null;
        string? certificate = line.GetValue(CertificateOption), key = line.GetValue(KeyOption);
        if (key is not null && certificate is null)
        {
            throw CommandLine.CreateUsageError("--key needs --cert");
        }

        if (policy == Off)
        {
            bool needsTls = port is not null || certificate is not null || line.GetValue(ClientAuthorityOption) is not null
                || line.GetValue(ClientCertificateOption) is not null;
            return needsTls
                ? throw CommandLine.CreateUsageError(
                    "--tls off cannot be combined with --cert, --implicit-port, --client-ca or --client-cert")
                : new TlsSettings(null, null);
        }

        FtpTlsPolicy required = policy == Required ? FtpTlsPolicy.Required : FtpTlsPolicy.Optional;
        string ownCertificateFile = GetOwnCertificatePath();
        return new TlsSettings(
            new FtpTlsOptions
            {
                Certificates = FtpCertificates.Deferred(
                    () => certificate is null ? LoadOwnCertificate(ownCertificateFile) : FtpCertificates.FromFiles((certificate, key))),
                ClientCertificates = ParseClientCertificates(line),
                Control = required,
                Data = required,
                RequiresCloseNotify = requiresCloseNotify,
                DataBinding = binding switch { Require => FtpDataBinding.Require, Off => FtpDataBinding.Off, _ => FtpDataBinding.Observe },
            },
            port)
        {
            ConfiguredFiles = [.. new[] { certificate, key }.OfType<string>()],
            ClientAuthorityFile = line.GetValue(ClientAuthorityOption),
            OwnCertificateFile = certificate is null ? ownCertificateFile : null,
        };
    }

    /// <summary>
    /// Returns an authenticator that also accepts client certificates if <c>--client-ca</c> is given. The user name must be the common name
    /// of the certificate. Returns the accounts unchanged if <c>--client-ca</c> is not given.
    /// </summary>
    public IAuthenticator AddCertificateLogin(IAuthenticator accounts) =>
        RequestsClientCertificates ? CertificateAuthenticator.CreateByCommonName(accounts, Permissions.ReadWrite) : accounts;

    /// <summary>
    /// Returns these options for a server with accounts. While an account has a key, the server requests certificates, and a certificate
    /// with the key of an account is trusted.
    /// </summary>
    /// <param name="keys">The fingerprints of the keys. The content can change later.</param>
    public TlsSettings WithAccountKeys(IReadOnlyCollection<string> keys) => Options is null ? this : this with
    {
        Options = Options with
        {
            ClientCertificates = Options.ClientCertificates with
            {
                Policy = Options.ClientCertificates.Policy == FtpClientCertificatePolicy.Off
                    ? FtpClientCertificatePolicy.Request
                    : Options.ClientCertificates.Policy,
                PinnedKeys = keys,
                CanPinnedKeysChange = true,
            },
        },
    };

    /// <summary>Whether the server requests certificates of clients.</summary>
    public bool RequestsClientCertificates => Options is { ClientCertificates.Policy: not FtpClientCertificatePolicy.Off };

    /// <summary>Reads the files of <c>--cert</c> and <c>--key</c>, if given. Creates no certificate.</summary>
    /// <exception cref="UserErrorException">The certificate cannot be read.</exception>
    public void CheckConfiguredFiles()
    {
        if (ConfiguredFiles.Count > 0)
        {
            _ = Fingerprint;
        }
    }

    /// <summary>Returns the endpoint for implicit TLS, or null if implicit TLS is not configured.</summary>
    public IPEndPoint? GetImplicitEndPoint(IPAddress address) => ImplicitPort is { } port ? new IPEndPoint(address, port) : null;

    private static FtpClientCertificates ParseClientCertificates(CommandLine line)
    {
        string policy = line.GetChoice(ClientCertificateOption);
        if (line.GetValue(ClientAuthorityOption) is not { } file)
        {
            return line.GetValue(ClientCertificateOption) is null
                ? new FtpClientCertificates()
                : throw CommandLine.CreateUsageError("--client-cert needs --client-ca");
        }

        return new FtpClientCertificates
        {
            Policy = policy == Require ? FtpClientCertificatePolicy.Require : FtpClientCertificatePolicy.Request,
            Authorities = [.. CertificateFiles.LoadRoots("--client-ca", file)],
        };
    }

    /// <summary>
    /// Returns the stored self-signed certificate, or creates it. If the certificate cannot be stored, returns a certificate for this run
    /// only.
    /// </summary>
    private static FtpCertificates LoadOwnCertificate(string file)
    {
        try
        {
            return FtpCertificates.SelfSigned(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return FtpCertificates.SelfSigned();
        }
    }

    /// <summary>Returns the path of the file with the self-signed certificate and its key.</summary>
    public static string GetOwnCertificatePath()
    {
        string folder = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } stateFolder
            && Path.IsPathRooted(stateFolder)
            ? stateFolder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(folder, "fts", "server.pem");
    }
}
