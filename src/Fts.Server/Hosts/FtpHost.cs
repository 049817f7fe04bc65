using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Hosts;
using Fts.Storage;

namespace Fts.Server;

/// <summary>
/// One of several servers behind one address, chosen by its name: by HOST (RFC 7151) before the sign-in, or by the name that a TLS handshake asks for (SNI).
/// </summary>
public sealed record FtpHost
{
    /// <summary>The name clients know it by: a host name of ASCII letters, digits, hyphens and dots (an internationalised one as its A-label). Large and small letters are the same.</summary>
    public required string Name { get; init; }

    /// <summary>The files it serves. The caller's: it outlives the server and is not disposed by it.</summary>
    public required IFileStore Store { get; init; }

    /// <summary>Who may sign in to it. A name is somebody on this host only.</summary>
    public required IAuthenticator Authenticator { get; init; }

    /// <summary>The certificates it shows; the caller's. Null for those of <see cref="FtpTlsOptions.Certificates"/>, by the name asked for.</summary>
    public FtpCertificates? Certificates { get; init; }

    /// <summary>The text of its 220 reply to HOST; null for <see cref="FtpServerOptions.Greeting"/>.</summary>
    public string? Greeting { get; init; }

    /// <summary>Whether a text can be a <see cref="Name"/>.</summary>
    public static bool IsValidName(string? text) => HostName.IsValidName(text);

    /// <exception cref="ArgumentException">A value that cannot work; the message names it.</exception>
    internal void Validate(bool hasTls)
    {
        ArgumentNullException.ThrowIfNull(Store);
        ArgumentNullException.ThrowIfNull(Authenticator);
        if (!IsValidName(Name))
        {
            throw new ArgumentException($"'{Name?.ToPrintable()}' is no host name.");
        }

        if (Greeting is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(Greeting);
        }

        if (Certificates is not null && !hasTls)
        {
            throw new ArgumentException($"{Name} has certificates, and the server no TLS.");
        }
    }
}
