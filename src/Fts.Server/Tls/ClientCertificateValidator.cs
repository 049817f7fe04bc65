using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Protocol;

namespace Fts.Server.Tls;

/// <summary>
/// Validates the client certificates of one session. On the control connection, checks whether the certificate is trusted. On a data
/// connection, checks whether the certificate has the same key as the control connection's certificate.
/// </summary>
internal sealed class ClientCertificateValidator
{
    private const string CommonNameOid = "2.5.4.3", ClientAuthenticationOid = "1.3.6.1.5.5.7.3.2";

    private readonly FtpClientCertificates _options;
    private string? _presentedKey;
    private bool _isControlHandshakeComplete;

    public ClientCertificateValidator(FtpClientCertificates options)
    {
        _options = options;
        // No downloads: the client's certificate could contain any URL.
        ChainPolicy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            TrustMode = X509ChainTrustMode.CustomRootTrust,
        };
        ChainPolicy.CustomTrustStore.AddRange(options.Authorities.ToArray());
        ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthenticationOid));
    }

    /// <summary>The policy for building certificate chains.</summary>
    public X509ChainPolicy ChainPolicy { get; }

    /// <summary>The trusted certificate that the client has presented, or null.</summary>
    public ClientCertificate? TrustedCertificate { get; private set; }

    /// <summary>The reason why the client certificate of the last handshake was not accepted, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Records that the control connection's handshake is complete. Later handshakes belong to data connections.</summary>
    public void CompleteControlHandshake() => _isControlHandshakeComplete = true;

    /// <summary>
    /// Validates a certificate, and returns whether the handshake may continue. On the control connection, the handshake may always
    /// continue, because a failed TLS 1.3 handshake would report no reason to the client. The reply to USER can report the reason.
    /// </summary>
    public bool ValidateCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors problems)
    {
        var presented = certificate as X509Certificate2;
        string? key = presented is null ? null : KeyFingerprint.Compute(presented);
        if (_isControlHandshakeComplete)
        {
            bool isSame = key == _presentedKey || (key is null && _options.Policy != FtpClientCertificatePolicy.Require);
            Problem = isSame ? null : "the data connection does not present the control connection's client certificate";
            return isSame;
        }

        _presentedKey = key;
        Problem = presented is null ? null : FindProblem(presented, key!, chain, problems);
        if (presented is not null && Problem is null)
        {
            TrustedCertificate = new ClientCertificate(presented.Subject, GetCommonName(presented.SubjectName), key!);
        }

        return true;
    }

    /// <summary>Returns the reason why the control connection's certificate is not trusted, or null if it is trusted.</summary>
    private string? FindProblem(X509Certificate2 certificate, string key, X509Chain? chain, SslPolicyErrors problems)
    {
        DateTime now = DateTime.Now;
        string reason;
        if (now < certificate.NotBefore || now > certificate.NotAfter)
        {
            reason = "the certificate is expired or not yet valid";
        }
        else if (_options.PinnedKeys.Contains(key) || (problems == SslPolicyErrors.None && _options.Authorities.Count > 0))
        {
            return null;
        }
        else
        {
            reason = chain?.ChainStatus is [var first, ..] ? first.StatusInformation.Trim() : "no trusted authority issued the certificate";
        }

        return $"the client certificate of {certificate.Subject.ToPrintable()}, key {key}, is not trusted: {reason.ToPrintable()}";
    }

    /// <summary>Returns the common name. Returns null if the subject contains no common name, several of them, or an invalid one.</summary>
    private static string? GetCommonName(X500DistinguishedName subject)
    {
        string? name = null;
        foreach (X500RelativeDistinguishedName part in subject.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                return null;
            }

            if (part.GetSingleElementType().Value != CommonNameOid)
            {
                continue;
            }

            string? value = part.GetSingleElementValue();
            if (name is not null || string.IsNullOrEmpty(value) || value.Any(char.IsControl))
            {
                return null;
            }

            name = value;
        }

        return name;
    }
}
