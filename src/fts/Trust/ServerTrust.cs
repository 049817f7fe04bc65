using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Trust;

/// <summary>
/// Decides whether the client trusts a server. A server is trusted if a trusted authority (of the system, or of <c>--ca</c>) issued its
/// certificate, or if its key is the remembered key. If a key is remembered, a different key is refused, even if a trusted authority issued
/// the certificate.
/// </summary>
/// <remarks>
/// A server is recorded on the first connection with TLS. Unless <c>--tls off</c> is given, a recorded server must use TLS again, because
/// an attacker could easily suppress the server's offer of TLS.
/// </remarks>
/// <param name="target">The server.</param>
/// <param name="knownHosts">The remembered servers.</param>
/// <param name="terminal">The terminal for messages.</param>
internal sealed class ServerTrust(Target target, KnownHosts knownHosts, Terminal terminal)
{
    /// <summary>
    /// Returns the TLS mode for a value of <c>--tls</c>. The value <c>auto</c> requires TLS with <c>--ca</c> or <c>--cert</c>, and for a
    /// remembered server.
    /// </summary>
    /// <param name="value">The value of <c>--tls</c>.</param>
    /// <param name="authorities">The file of <c>--ca</c>, if given.</param>
    /// <param name="certificate">The file of <c>--cert</c>, if given.</param>
    /// <exception cref="UserErrorException"><c>--ca</c> is combined with <c>--tls off</c>.</exception>
    public FtpTlsMode ResolveTlsMode(string value, string? authorities, string? certificate) => value switch
    {
        "off" when authorities is not null => throw CommandLine.CreateUsageError("--tls off cannot be combined with --ca"),
        "off" => FtpTlsMode.Off,
        "required" or "explicit" => FtpTlsMode.Required,
        "implicit" => FtpTlsMode.Implicit,
        _ => authorities is null && certificate is null && FindRecord() is null ? FtpTlsMode.Preferred : FtpTlsMode.Required,
    };

    /// <summary>
    /// Returns whether the client may need the certificate authorities of the system: to prove the identity of a server without a
    /// remembered key, or to complete the chain of the client certificate or of <c>--ca</c>.
    /// </summary>
    /// <param name="authorities">The file of <c>--ca</c>, if given.</param>
    /// <param name="hasClientCertificate">Whether <c>--cert</c> is given.</param>
    public bool NeedsSystemAuthorities(string? authorities, bool hasClientCertificate) =>
        authorities is not null || hasClientCertificate || FindRecord() is not { HasKey: true };

    /// <summary>Returns the trust settings for the library.</summary>
    /// <param name="authorities">The file of <c>--ca</c>, or null to trust the authorities of the system and remembered keys.</param>
    public FtpTrust CreateTrust(string? authorities) => new()
    {
        Authorities = authorities is null ? [] : [.. CertificateFiles.LoadAuthorities("--ca", authorities)],
        ShouldAlwaysValidate = true,
        ValidateAsync = (identity, _) => ValueTask.FromResult(IsTrusted(identity, allowsKeys: authorities is null)),
    };

    /// <summary>Returns whether the server is trusted. Records a trusted server on the first connection with TLS.</summary>
    /// <exception cref="UserErrorException">The server is not trusted, with advice for the user.</exception>
    private bool IsTrusted(FtpServerIdentity identity, bool allowsKeys)
    {
        KnownHost? record = FindRecord();
        if (SystemAuthorities.AreDisabled)
        {
            RequireKey(record);
            CheckKey(record, identity);
            return true;
        }

        if (identity.Problem is null)
        {
            if (record is null)
            {
                TryAddRecord(KnownHost.Authority, out record);
            }

            CheckKey(record, identity);
            return true;
        }

        if (!allowsKeys)
        {
            return false;
        }

        // A key is recorded only if no trusted authority issued the certificate, as with a self-signed certificate. An expired certificate,
        // or a certificate of a trusted authority for another name, is an error.
        if (record is null && identity.ProblemKind != FtpCertificateProblem.UntrustedRoot)
        {
            throw new UserErrorException(
                ExitCode.NotTrusted, $"the certificate of {target} is not trusted: {identity.Problem}; its key is {identity.Fingerprint}",
                $"if this is the key of your server: fts trust add {target} {identity.Fingerprint}");
        }

        record ??= AddKey(identity);
        CheckKey(record, identity);
        if (record is { HasKey: false })
        {
            throw new UserErrorException(
                ExitCode.NotTrusted,
                $"the certificate of {target} is no longer trusted: {identity.Problem}; this may be another server; "
                + $"the server's key is {identity.Fingerprint}",
                $"--ca FILE, if you used --ca before; or if this is the key of your server: fts trust add {target} {identity.Fingerprint}");
        }

        return true;
    }

    /// <summary>
    /// Checks that the record still contains a key. Without the authorities of the system, only the key can prove the server's identity.
    /// </summary>
    /// <exception cref="UserErrorException">The record was removed or changed after the command started.</exception>
    private void RequireKey(KnownHost? record)
    {
        if (record is not { HasKey: true })
        {
            throw new UserErrorException(
                ExitCode.NotTrusted,
                $"the remembered key of {target} was removed from {knownHosts.Path.ToPrintable()} after this command started",
                "run the command again");
        }
    }

    /// <summary>Compares the key of the server with the recorded key, if there is one.</summary>
    /// <exception cref="UserErrorException">The recorded key differs.</exception>
    private void CheckKey(KnownHost? record, FtpServerIdentity identity)
    {
        if (record is { HasKey: true, Proof: var fingerprint } && fingerprint != identity.Fingerprint)
        {
            throw new UserErrorException(
                ExitCode.NotTrusted,
                $"the key of {target} has changed: expected {fingerprint}, got {identity.Fingerprint}; this may be another server",
                $"if the server was reinstalled: fts trust remove {target}");
        }
    }

    /// <summary>
    /// Records the key of the server and prints a message. Returns the record that another process or connection has added in the meantime,
    /// or null.
    /// </summary>
    private KnownHost? AddKey(FtpServerIdentity identity)
    {
        bool isRecorded = TryAddRecord(identity.Fingerprint, out KnownHost? existing);
        if (existing is null)
        {
            terminal.WriteMessage(isRecorded
                ? $"new server {target}: remembering its key {identity.Fingerprint}; a different key will be refused from now on"
                : $"new server {target}: its key is {identity.Fingerprint}");
        }

        return existing;
    }

    /// <summary>
    /// Records the server. Returns false, and prints a warning, if the file cannot be written.
    /// </summary>
    /// <param name="proof">The fingerprint of the key, or <see cref="KnownHost.Authority"/>.</param>
    /// <param name="existing">The record that another process or connection has added in the meantime, or null.</param>
    private bool TryAddRecord(string proof, out KnownHost? existing)
    {
        existing = null;
        try
        {
            existing = knownHosts.Add(target.ToString(), proof);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.WriteMessage(
                $"warning: cannot record {target} in {knownHosts.Path.ToPrintable()}: {LocalErrorText.Describe(e).ToPrintable()}");
            return false;
        }
    }

    private KnownHost? FindRecord()
    {
        try
        {
            return knownHosts.Find(target.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot read the remembered keys in {knownHosts.Path}: {LocalErrorText.Describe(e)}");
        }
    }
}
