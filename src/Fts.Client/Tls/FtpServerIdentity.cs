using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Client;

/// <summary>Who a server says it is, by the certificate it showed.</summary>
public sealed record FtpServerIdentity
{
    private const string Prefix = "SHA256:";

    private FtpServerIdentity(X509Certificate2 certificate, string host, int port)
    {
        (Host, Port) = (host, port);
        Fingerprint = FingerprintOf(certificate);
        Subject = certificate.Subject;
        Names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(
            names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))];
        (NotBefore, NotAfter) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        Certificate = certificate.RawDataMemory;
    }

    /// <summary>The host that was connected to.</summary>
    public string Host { get; }

    /// <summary>The port that was connected to.</summary>
    public int Port { get; }

    /// <summary>SHA-256 of the public key (its SubjectPublicKeyInfo), as <c>SHA256:</c> and Base64 without padding. A renewed certificate keeps it if its key stays.</summary>
    public string Fingerprint { get; }

    /// <summary>The certificate's subject.</summary>
    public string Subject { get; }

    /// <summary>The names and addresses the certificate is for.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>When it begins to count, UTC.</summary>
    public DateTime NotBefore { get; }

    /// <summary>When it ceases to, UTC.</summary>
    public DateTime NotAfter { get; }

    /// <summary>Why no trusted authority vouches for this server; null when one does.</summary>
    public string? Problem { get; private init; }

    /// <summary>The certificate itself, DER.</summary>
    public ReadOnlyMemory<byte> Certificate { get; }

    /// <summary>Reads who a server says it is. <paramref name="problems"/> may have a wrong idea of the name, which is looked at anew.</summary>
    internal static FtpServerIdentity From(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors problems, string host, int port) =>
        new(certificate, host, port) { Problem = ProblemOf(certificate, chain, problems, host) };

    /// <summary>The fingerprint of a certificate's key.</summary>
    internal static string FingerprintOf(X509Certificate2 certificate) =>
        Prefix + Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())).TrimEnd('=');

    /// <summary>Whether a text has the form of one.</summary>
    internal static bool IsFingerprint(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        return text.StartsWith(Prefix, StringComparison.Ordinal) && Convert.TryFromBase64String(text[Prefix.Length..] + "=", hash, out int length) && length == hash.Length;
    }

    private static string? ProblemOf(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors problems, string host)
    {
        X509ChainStatusFlags status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        return status.HasFlag(X509ChainStatusFlags.NotTimeValid) ? $"it is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} to {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}"
            : (status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 ? "no trusted authority vouches for it"
            : status != X509ChainStatusFlags.NoError ? $"it is not valid ({status})"
            : (problems & ~SslPolicyErrors.RemoteCertificateNameMismatch) != 0 ? "no trusted authority vouches for it"
            : !certificate.MatchesHostname(host) ? $"it is not for {host}"
            : null;
    }
}
