namespace Fts.Accounts;

/// <summary>
/// Whom the certificate names that a client has shown in its TLS handshake. There is one only where the server believes it: the client has proved to have
/// the key, and an authority the server trusts has issued it, or its key is one the server knows.
/// </summary>
/// <param name="Subject">The certificate's subject, as text. Not for comparing: different names may look alike.</param>
/// <param name="CommonName">The subject's common name; null where it has none, more than one, or one with control characters.</param>
/// <param name="KeyFingerprint">SHA-256 of the public key (its SubjectPublicKeyInfo), as <c>SHA256:</c> and Base64 without padding.</param>
public sealed record ClientCertificate(string Subject, string? CommonName, string KeyFingerprint);
