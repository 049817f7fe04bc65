using System.Security.Cryptography.X509Certificates;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Which servers are believed to be who they say. In this order: with <see cref="PinnedKeys"/> one of them and nothing else; a certificate that leads to a
/// trusted authority, for the name connected to, within its dates; at last whatever <see cref="ValidateAsync"/> accepts.
/// </summary>
public sealed record FtpTrust
{
    /// <summary>What the system trusts, and nobody else.</summary>
    public static FtpTrust System { get; } = new();

    /// <summary>Fingerprints as <see cref="FtpServerIdentity.Fingerprint"/> has them; when there are any, only these keys are accepted, whoever vouches for them.</summary>
    public IReadOnlyCollection<string> PinnedKeys { get; init; } = [];

    /// <summary>Authorities to trust in place of the system's.</summary>
    public IReadOnlyCollection<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>
    /// Asked about a server that nothing above vouches for, once for each control connection, before anything is sent to it; accepts by returning true.
    /// Calls may overlap when connections are opened at once.
    /// </summary>
    public Func<FtpServerIdentity, CancellationToken, ValueTask<bool>>? ValidateAsync { get; init; }

    /// <summary>
    /// Whether <see cref="ValidateAsync"/> is also called for a certificate of a trusted authority; <see cref="FtpServerIdentity.Problem"/> is null then.
    /// The default is false. It has no effect without <see cref="ValidateAsync"/> or with <see cref="PinnedKeys"/>.
    /// </summary>
    public bool ShouldAlwaysValidate { get; init; }

    /// <summary>Shown, with its private key, to servers that ask who is there. The caller's to dispose.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The certificates between <see cref="ClientCertificate"/> and an authority the server trusts, which may know its root only. The caller's to dispose.</summary>
    public IReadOnlyCollection<X509Certificate2> ClientChain { get; init; } = [];

    /// <exception cref="ArgumentException">A value that cannot work; the message names it.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(PinnedKeys);
        ArgumentNullException.ThrowIfNull(Authorities);
        ArgumentNullException.ThrowIfNull(ClientChain);
        if (PinnedKeys.FirstOrDefault(pin => !KeyFingerprint.IsFingerprint(pin)) is { } wrong)
        {
            throw new ArgumentException($"'{wrong}' is no fingerprint: SHA256: and 43 characters of Base64.", nameof(PinnedKeys));
        }

        if (ClientCertificate is { HasPrivateKey: false })
        {
            throw new ArgumentException("The client's certificate has no private key.", nameof(ClientCertificate));
        }
    }
}
