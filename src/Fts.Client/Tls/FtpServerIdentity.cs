using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Fts.Client.Tls;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>The reason why a server's certificate does not prove the identity of the server.</summary>
public enum FtpCertificateProblem
{
    /// <summary>The certificate proves the identity of the server.</summary>
    None,
    /// <summary>
    /// The certificate was not issued by a trusted authority, for example because it is self-signed. Callers can pin or store its key.
    /// </summary>
    UntrustedRoot,
    /// <summary>The certificate, or a certificate in its chain, has expired or is not valid yet.</summary>
    Expired,
    /// <summary>The certificate was issued by a trusted authority, but not for this host name.</summary>
    NameMismatch,
    /// <summary>The certificate is malformed, or not valid for TLS servers.</summary>
    Invalid,
}

/// <summary>The identity in a server's certificate, and whether the certificate proves that identity.</summary>
public sealed record FtpServerIdentity
{
    private FtpServerIdentity(X509Certificate2 certificate, string host, int port)
    {
        (Host, Port) = (host, port);
        Fingerprint = KeyFingerprint.Compute(certificate);
        Subject = certificate.Subject;
        Names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(
            names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))];
        (NotBefore, NotAfter) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        Certificate = certificate.RawDataMemory;
    }

    /// <summary>The host that the client connected to.</summary>
    public string Host { get; }

    /// <summary>The port that the client connected to.</summary>
    public int Port { get; }

    /// <summary>
    /// The SHA-256 hash of the public key (its SubjectPublicKeyInfo): <c>SHA256:</c> and unpadded Base64. A renewed certificate with the
    /// same key has the same fingerprint.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>The subject of the certificate.</summary>
    public string Subject { get; }

    /// <summary>The DNS names and IP addresses in the certificate.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The start of the validity period, UTC.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>The end of the validity period, UTC.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>
    /// The reason why the certificate does not prove the identity, as a clause in which "it" is the certificate. Null if the certificate
    /// proves the identity.
    /// </summary>
    public string? Problem { get; private init; }

    /// <summary>The kind of <see cref="Problem"/>.</summary>
    public FtpCertificateProblem ProblemKind { get; private init; }

    /// <summary>The certificate in DER encoding.</summary>
    public ReadOnlyMemory<byte> Certificate { get; }

    /// <summary>
    /// Returns the identity in a certificate. A name mismatch in <paramref name="policyErrors"/> is ignored, because the handshake may have
    /// used another name (<see cref="TlsSessionName"/>). The certificate is compared with <paramref name="host"/> instead.
    /// </summary>
    internal static FtpServerIdentity FromCertificate(
        X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors policyErrors, string host, int port)
    {
        (FtpCertificateProblem kind, string? text) = FindProblem(certificate, chain, policyErrors, host);
        return new FtpServerIdentity(certificate, host, port) { ProblemKind = kind, Problem = text };
    }

    /// <summary>
    /// Returns the first certificate in the chain that has expired or is not valid yet. The chain starts with the server's certificate.
    /// Returns null if no element of the chain has this status.
    /// </summary>
    private static X509Certificate2? FindExpired(X509Chain chain) => chain.ChainElements
        .FirstOrDefault(element => element.ChainElementStatus.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid))
        ?.Certificate;

    private static (FtpCertificateProblem Kind, string? Text) FindProblem(
        X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors policyErrors, string host)
    {
        const X509ChainStatusFlags untrusted = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;
        X509ChainStatusFlags status =
            chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            X509Certificate2 expired = FindExpired(chain!) ?? certificate;
            (DateTime start, DateTime end) = (expired.NotBefore.ToUniversalTime(), expired.NotAfter.ToUniversalTime());
            string subject = expired.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span)
                ? "it"
                : $"the certificate of its authority {expired.GetNameInfo(X509NameType.SimpleName, forIssuer: false).ToPrintable()}";
            return (FtpCertificateProblem.Expired, $"{subject} is valid only from {start:yyyy-MM-dd} to {end:yyyy-MM-dd}");
        }

        if ((status & untrusted) == 0 && status != X509ChainStatusFlags.NoError)
        {
            return (FtpCertificateProblem.Invalid, $"it is not valid ({status})");
        }

        if (status != X509ChainStatusFlags.NoError || (policyErrors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            return (FtpCertificateProblem.UntrustedRoot, "it was not issued by a trusted authority");
        }

        return certificate.MatchesHostname(host)
            ? (FtpCertificateProblem.None, null)
            : (FtpCertificateProblem.NameMismatch, $"it is not valid for {host}");
    }
}
