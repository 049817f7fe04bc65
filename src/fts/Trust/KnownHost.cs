namespace Fts.Trust;

/// <summary>The record of one remembered server.</summary>
/// <param name="Server">Host and port, in the spelling of <see cref="ServerName"/>.</param>
/// <param name="Proof">The fingerprint of its key, or <see cref="Authority"/>.</param>
internal readonly record struct KnownHost(string Server, string Proof)
{
    /// <summary>
    /// The server used TLS with a certificate of a trusted authority. Such certificates are renewed with other keys, so the key is not
    /// compared.
    /// </summary>
    public const string Authority = "TLS";

    /// <summary>Whether the server must have the remembered key.</summary>
    public bool HasKey => Proof != Authority;
}
