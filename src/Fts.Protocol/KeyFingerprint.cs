using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Protocol;

/// <summary>
/// The fingerprint of a public key: the SHA-256 hash of its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), written as <c>SHA256:</c> and Base64
/// without padding. A renewed certificate with the same key has the same fingerprint.
/// </summary>
public static class KeyFingerprint
{
    private const string Prefix = "SHA256:";

    private const int Base64Characters = 43;

    /// <summary>Returns the fingerprint of a certificate's public key.</summary>
    /// <param name="certificate">The certificate.</param>
    public static string Compute(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Prefix + Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())).TrimEnd('=');
    }

    /// <summary>Returns whether the text has the form of a fingerprint.</summary>
    /// <param name="text">The text.</param>
    public static bool IsFingerprint(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        // The check of the length rejects white space, which the Base64 parser would skip.
        return text.Length == Prefix.Length + Base64Characters && text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..] + "=", hash, out int length) && length == hash.Length;
    }
}
