using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Why a server's certificate does not prove who it is.</summary>
public enum FtpCertificateProblem
{
    /// <summary>It does.</summary>
    None,
    /// <summary>No trusted authority vouches for it, as for every certificate that somebody made for themselves. Its key can be remembered.</summary>
    UntrustedRoot,
    /// <summary>Its dates, or those of one that vouches for it, are over or still to come.</summary>
    Expired,
    /// <summary>A trusted authority vouches for it, as somebody else's.</summary>
    NameMismatch,
    /// <summary>It is not good for this use, or broken.</summary>
    Invalid,
}

/// <summary>Who a server says it is, by the certificate it showed.</summary>
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
    public DateTimeOffset NotBefore { get; }

    /// <summary>When it ceases to, UTC.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>Why no trusted authority vouches for this server; null when one does.</summary>
    public string? Problem { get; private init; }

    /// <summary>Which kind of problem <see cref="Problem"/> is.</summary>
    public FtpCertificateProblem ProblemKind { get; private init; }

    /// <summary>The certificate itself, DER.</summary>
    public ReadOnlyMemory<byte> Certificate { get; }

    /// <summary>Reads who a server says it is. <paramref name="problems"/> may have a wrong idea of the name, which is looked at anew.</summary>
    internal static FtpServerIdentity FromCertificate(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors problems, string host, int port)
    {
        (FtpCertificateProblem kind, string? words) = FindProblem(certificate, chain, problems, host);
        return new FtpServerIdentity(certificate, host, port) { ProblemKind = kind, Problem = words };
    }

    private static (FtpCertificateProblem Kind, string? Words) FindProblem(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors problems, string host)
    {
        X509ChainStatusFlags status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        return status.HasFlag(X509ChainStatusFlags.NotTimeValid)
                ? (FtpCertificateProblem.Expired, $"it is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} to {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}")
            : (status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 ? (FtpCertificateProblem.UntrustedRoot, "no trusted authority vouches for it")
            : status != X509ChainStatusFlags.NoError ? (FtpCertificateProblem.Invalid, $"it is not valid ({status})")
            : (problems & ~SslPolicyErrors.RemoteCertificateNameMismatch) != 0 ? (FtpCertificateProblem.UntrustedRoot, "no trusted authority vouches for it")
            : !certificate.MatchesHostname(host) ? (FtpCertificateProblem.NameMismatch, $"it is not for {host}")
            : (FtpCertificateProblem.None, null);
    }
}
