using System.CommandLine;
using System.Security.Cryptography;
using Fts.Accounts;
using Fts.Accounts.Recording;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Server;
using Fts.Storage.Local;
using Fts.Trust;

namespace Fts.Serving;

/// <summary>
/// Additional hosts on the same address: <c>--host NAME=FOLDER</c>, with an optional certificate from <c>--host-cert NAME=FILE</c>.
/// </summary>
/// <param name="Folders">The names and their folders, in the order of the command line.</param>
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
        Description = "certificate of the host NAME (PEM or PFX)",
    };

    private static readonly Option<string[]> KeyOption = new("--host-key")
    {
        HelpName = "NAME=FILE",
        Description = "private key of the host NAME, if in another file",
    };

    private Dictionary<string, string> Certificates { get; init; } = [];

    private Dictionary<string, string> Keys { get; init; } = [];

    /// <summary>The files of the certificates and keys of all hosts.</summary>
    public IEnumerable<string> Files => Certificates.Values.Concat(Keys.Values);

    /// <summary>The options for additional hosts.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Several hosts on one address", HostOption, CertificateOption, KeyOption);

    /// <summary>Parses the options.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="hasTls">Whether the server offers TLS, which certificates require.</param>
    /// <exception cref="UserErrorException">
    /// A value is invalid, a name is repeated, or an option needs another option that is not given.
    /// </exception>
    public static VirtualHosts Parse(CommandLine line, bool hasTls)
    {
        Dictionary<string, string> folders = ParsePairs(line, HostOption);
        Dictionary<string, string> certificates = ParsePairs(line, CertificateOption);
        Dictionary<string, string> keys = ParsePairs(line, KeyOption);
        if (certificates.Keys.FirstOrDefault(name => !folders.ContainsKey(name)) is { } unknownHost)
        {
            throw CommandLine.CreateUsageError($"--host-cert {unknownHost} needs --host {unknownHost}=FOLDER");
        }

        if (keys.Keys.FirstOrDefault(name => !certificates.ContainsKey(name)) is { } hostWithoutCertificate)
        {
            throw CommandLine.CreateUsageError($"--host-key {hostWithoutCertificate} needs --host-cert {hostWithoutCertificate}=FILE");
        }

        if (!hasTls && certificates.Count > 0)
        {
            throw CommandLine.CreateUsageError("--tls off cannot be combined with --host-cert");
        }

        return new VirtualHosts([.. folders.Select(pair => (pair.Key, Path.GetFullPath(pair.Value)))])
        {
            Certificates = certificates,
            Keys = keys,
        };
    }

    /// <summary>Returns the hosts for the server. All hosts have the same login rules.</summary>
    /// <param name="accounts">Authenticates logins.</param>
    /// <param name="openStore">
    /// Opens the store of a folder. The first argument is the option for error messages, up to the folder, the second is the folder.
    /// </param>
    /// <exception cref="UserErrorException">A folder or a certificate cannot be used.</exception>
    public IReadOnlyList<FtpHost> CreateHosts(IAuthenticator accounts, Func<string, string, Storage.IFileStore> openStore) =>
        [.. Folders.Select(host => new FtpHost
        {
            Name = host.Name,
            Store = openStore($"--host {host.Name}=", host.Folder),
            StoreLocations = new StoreLocations(LocalPath.ResolveMounts(host.Folder)),
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
            throw CertificateFiles.CreateServerError(
                $"--host-cert {name}=", file, $"--host-key {name}=", Keys.GetValueOrDefault(name), e,
                $"a PEM file with certificate and key, or --host-key {name}=FILE with the key");
        }
    }

    /// <summary>
    /// Returns the values of an option in the form NAME=VALUE, with the names as keys. The dictionary ignores the case of names.
    /// </summary>
    private static Dictionary<string, string> ParsePairs(CommandLine line, Option<string[]> option)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string value in line.GetValues(option))
        {
            int equals = value.IndexOf('=');
            if (equals <= 0 || equals == value.Length - 1)
            {
                throw CommandLine.CreateUsageError($"{option.Name} {value}: must be {option.HelpName}");
            }

            string name = value[..equals];
            if (!FtpHost.IsValidName(name))
            {
                throw CommandLine.CreateUsageError($"{option.Name} {value}: '{name.ToPrintable()}' is not a host name");
            }

            if (!pairs.TryAdd(name, value[(equals + 1)..]))
            {
                throw CommandLine.CreateUsageError($"{option.Name} {name}=… is given twice");
            }
        }

        return pairs;
    }
}
