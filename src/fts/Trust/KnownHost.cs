namespace Fts.Trust;

/// <summary>The record of one remembered server.</summary>
/// <param name="Server">The host and the port, in the normal form of <see cref="ServerName"/>.</param>
/// <param name="Proof">The fingerprint of the server's key, or <see cref="Authority"/>.</param>
internal readonly record struct KnownHost(string Server, string Proof)
{
    /// <summary>
    /// The proof of a server that used TLS with a certificate of a trusted authority. The key is not compared, because a renewed
    /// certificate may have another key.
    /// </summary>
    public const string Authority = "TLS";

    /// <summary>Whether the server must have the remembered key.</summary>
    public bool HasKey => Proof != Authority;
}
