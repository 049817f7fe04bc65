using Fts.Accounts;
using Fts.Accounts.Recording;
using Fts.Protocol;
using Fts.Server.Hosts;
using Fts.Storage;

namespace Fts.Server;

/// <summary>
/// One of several virtual hosts on one address. A client selects a host with HOST before the login (RFC 7151), or with the server name in
/// the TLS handshake (SNI, RFC 6066 §3).
/// </summary>
public sealed record FtpHost
{
    /// <summary>
    /// The host name, of ASCII letters, digits, hyphens, underscores and dots. An internationalized name is written in its A-label form
    /// (<c>xn--</c>). Comparisons with the name ignore case.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The store with the host's files. The caller owns it; the server does not dispose it.</summary>
    public required IFileStore Store { get; init; }

    /// <summary>
    /// The real directories of <see cref="Store"/>, for <see cref="FtpServerOptions.Records"/>. Null if unknown. Default: null.
    /// </summary>
    public StoreLocations? StoreLocations { get; init; }

    /// <summary>Authenticates the clients of the host. A user name can have another password and other permissions on each host.</summary>
    public required IAuthenticator Authenticator { get; init; }

    /// <summary>
    /// The host's certificates, which the caller disposes after the server. Null to use <see cref="FtpTlsOptions.Certificates"/>. Default:
    /// null.
    /// </summary>
    public FtpCertificates? Certificates { get; init; }

    /// <summary>
    /// The text of the 220 reply to HOST. Also the greeting of an implicit TLS connection that selects this host. Null to use
    /// <see cref="FtpServerOptions.Greeting"/>. Default: null.
    /// </summary>
    public string? Greeting { get; init; }

    /// <summary>Returns whether a text is a valid <see cref="Name"/>. An IP address is not valid.</summary>
    public static bool IsValidName(string? text) => HostName.IsValidName(text);

    /// <summary>Validates the properties.</summary>
    /// <param name="hasTls">Whether the server supports TLS. Required for <see cref="Certificates"/>.</param>
    /// <exception cref="ArgumentException">A property is invalid.</exception>
    internal void Validate(bool hasTls)
    {
        ArgumentNullException.ThrowIfNull(Store);
        ArgumentNullException.ThrowIfNull(Authenticator);
        if (!IsValidName(Name))
        {
            throw new ArgumentException($"'{Name?.ToPrintable()}' is not a valid host name.");
        }

        if (Greeting is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(Greeting);
        }

        if (Certificates is not null && !hasTls)
        {
            throw new ArgumentException($"The host {Name} has certificates, but TLS is not enabled on the server.");
        }
    }
}
