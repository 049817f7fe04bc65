using System.CommandLine;
using System.Security.Cryptography;
using Fts.Accounts;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Server;

namespace Fts.Serving;

/// <summary>Further hosts behind the same address: <c>--host NAME=FOLDER</c>, each with a certificate of its own if <c>--host-cert NAME=FILE</c> gives it one.</summary>
/// <param name="Folders">Names and folders, in the order given.</param>
internal sealed record VirtualHosts(IReadOnlyList<(string Name, string Folder)> Folders)
{
    private static readonly Option<string[]> HostOption = new("--host")
    {
        HelpName = "NAME=FOLDER",
        Description = "folder for the clients that connect to NAME",
    };

    private static readonly Option<string[]> CertificateOption = new("--host-cert")
    {
        HelpName = "NAME=FILE",
        Description = "certificate of this host (PEM or PFX)",
    };

    private static readonly Option<string[]> KeyOption = new("--host-key")
    {
        HelpName = "NAME=FILE",
        Description = "private key of this host, if in another file",
    };

    private Dictionary<string, string> Certificates { get; init; } = [];

    private Dictionary<string, string> Keys { get; init; } = [];

    /// <summary>The files of their certificates and keys.</summary>
    public IEnumerable<string> Files => Certificates.Values.Concat(Keys.Values);

    /// <summary>The options of further hosts.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Several hosts on one address", HostOption, CertificateOption, KeyOption);

    /// <exception cref="UserErrorException">A value that is not NAME=VALUE, a name twice, or a certificate without its host.</exception>
    public static VirtualHosts Parse(CommandLine line, bool hasTls)
    {
        Dictionary<string, string> folders = ParsePairs(line, HostOption, "NAME=FOLDER"), certificates = ParsePairs(line, CertificateOption, "NAME=FILE"), keys = ParsePairs(line, KeyOption, "NAME=FILE");
        if (certificates.Keys.FirstOrDefault(name => !folders.ContainsKey(name)) is { } unknownHost)
        {
            throw CommandLine.CreateUsageError($"--host-cert {unknownHost}: no --host {unknownHost}=FOLDER is given");
        }

        if (keys.Keys.FirstOrDefault(name => !certificates.ContainsKey(name)) is { } hostWithoutCertificate)
        {
            throw CommandLine.CreateUsageError($"--host-key {hostWithoutCertificate} needs --host-cert {hostWithoutCertificate}=FILE");
        }

        if (!hasTls && certificates.Count > 0)
        {
            throw CommandLine.CreateUsageError("--tls off goes with no --host-cert");
        }

        return new VirtualHosts([.. folders.Select(pair => (pair.Key, Path.GetFullPath(pair.Value)))]) { Certificates = certificates, Keys = keys };
    }

    /// <summary>The hosts for the server, which all have the same accounts.</summary>
    /// <param name="accounts">Who may sign in.</param>
    /// <param name="openStore">Opens a folder.</param>
    public IReadOnlyList<FtpHost> CreateHosts(IAuthenticator accounts, Func<string, string, Storage.IFileStore> openStore) =>
        [.. Folders.Select(host => new FtpHost
        {
            Name = host.Name,
            Store = openStore($"--host {host.Name}", host.Folder),
            Authenticator = accounts,
            Certificates = Certificates.TryGetValue(host.Name, out string? file) ? LoadCertificate(host.Name, file) : null,
        })];

    private FtpCertificates LoadCertificate(string name, string file)
    {
        try
        {
            return FtpCertificates.FromFiles((file, Keys.GetValueOrDefault(name)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot use --host-cert {name}={file}: {LocalErrorText.Describe(e)}", "a PEM file with certificate and key, or --host-key with the key's file");
        }
    }

    private static Dictionary<string, string> ParsePairs(CommandLine line, Option<string[]> option, string expectedForm)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string value in line.GetValues(option))
        {
            int equals = value.IndexOf('=');
            if (equals <= 0 || equals == value.Length - 1)
            {
                throw CommandLine.CreateUsageError($"{option.Name} {value}: must be {expectedForm}");
            }

            string name = value[..equals];
            if (!FtpHost.IsValidName(name))
            {
                throw CommandLine.CreateUsageError($"{option.Name} {value}: '{name.ToPrintable()}' is no host name");
            }

            if (!pairs.TryAdd(name, value[(equals + 1)..]))
            {
                throw CommandLine.CreateUsageError($"{option.Name} {name}=… is given twice");
            }
        }

        return pairs;
    }
}
