using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Protocol;

/// <summary>How a key is called wherever one is shown, compared or remembered: SHA-256 of its SubjectPublicKeyInfo, as <c>SHA256:</c> and Base64 without padding.</summary>
internal static class KeyFingerprint
{
    private const string Prefix = "SHA256:";

    private const int Base64Characters = 43;

    /// <summary>The fingerprint of a certificate's key.</summary>
    public static string Compute(X509Certificate2 certificate) =>
        Prefix + Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())).TrimEnd('=');

    /// <summary>Whether a text has the form of one.</summary>
    public static bool IsFingerprint(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        // The length excludes white space, which the Base64 parser skips.
        return text.Length == Prefix.Length + Base64Characters && text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..] + "=", hash, out int length) && length == hash.Length;
    }
}
