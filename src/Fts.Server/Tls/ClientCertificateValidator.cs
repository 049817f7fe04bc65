using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Protocol;

namespace Fts.Server.Tls;

/// <summary>Looks at the certificates that one session's client shows: at the control connection's for whom it names, at a data connection's for being the same.</summary>
internal sealed class ClientCertificateValidator
{
    private const string CommonNameOid = "2.5.4.3", ClientAuthenticationOid = "1.3.6.1.5.5.7.3.2";

    private readonly FtpClientCertificates _options;
    private string? _presentedKey;
    private bool _isControlHandshakeComplete;

    public ClientCertificateValidator(FtpClientCertificates options)
    {
        _options = options;
        // Nothing is fetched from where a stranger's certificate says.
        ChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true, TrustMode = X509ChainTrustMode.CustomRootTrust };
        ChainPolicy.CustomTrustStore.AddRange(options.Authorities.ToArray());
        ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthenticationOid));
    }

    /// <summary>How chains are built.</summary>
    public X509ChainPolicy ChainPolicy { get; }

    /// <summary>Whom the client is believed to be; null for nobody in particular.</summary>
    public ClientCertificate? TrustedCertificate { get; private set; }

    /// <summary>Why the last certificate was not believed; null where all is well.</summary>
    public string? Problem { get; private set; }

    /// <summary>The control connection's handshake is done: from here on there are data connections.</summary>
    public void CompleteControlHandshake() => _isControlHandshakeComplete = true;

    /// <summary>
    /// Whether the handshake may go on. The control connection's may, whatever was shown: a refusal there would reach the client, in TLS 1.3, as a connection
    /// that ends without a word, and USER can say what is missing.
    /// </summary>
    public bool ValidateCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors problems)
    {
        var shown = certificate as X509Certificate2;
        string? key = shown is null ? null : KeyFingerprint.Compute(shown);
        if (_isControlHandshakeComplete)
        {
            bool isSame = key == _presentedKey || (key is null && _options.Policy != FtpClientCertificatePolicy.Require);
            Problem = isSame ? null : "the data connection does not show the control connection's client certificate";
            return isSame;
        }

        _presentedKey = key;
        Problem = shown is null ? null : FindProblem(shown, key!, chain, problems);
        if (shown is not null && Problem is null)
        {
            TrustedCertificate = new ClientCertificate(shown.Subject, GetCommonName(shown.SubjectName), key!);
        }

        return true;
    }

    private string? FindProblem(X509Certificate2 certificate, string key, X509Chain? chain, SslPolicyErrors problems)
    {
        DateTime now = DateTime.Now;
        string? reason = now < certificate.NotBefore || now > certificate.NotAfter ? "it is not within its dates"
            : _options.PinnedKeys.Contains(key) ? null
            : problems == SslPolicyErrors.None && _options.Authorities.Count > 0 ? null
            : chain?.ChainStatus is [var first, ..] ? first.StatusInformation.Trim()
            : "no authority vouches for it";
        return reason is null ? null : $"the client certificate of {certificate.Subject.ToPrintable()}, key {key}, is not believed: {reason.ToPrintable()}";
    }

    /// <summary>Two common names are two people: then it is nobody's.</summary>
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
