using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Trust;

/// <summary>
/// Which servers the client trusts: a server with a certificate of a trusted authority (the system's, or the ones of <c>--ca</c>), else a
/// server with the same key as the first time. Both are remembered. A server that used TLS once must use it again, because suppressing the
/// TLS offer is the easiest attack. A remembered key is compared even if the certificate is of a trusted authority.
/// </summary>
/// <param name="target">The server.</param>
/// <param name="knownHosts">The remembered servers.</param>
/// <param name="terminal">The terminal for reports.</param>
internal sealed class ServerTrust(Target target, KnownHosts knownHosts, Terminal terminal)
{
    /// <summary>
    /// Returns the mode for a value of <c>--tls</c>. Auto requires TLS with <c>--ca</c> or <c>--cert</c>, and for a remembered server.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="authorities">The file of <c>--ca</c>, if given.</param>
    /// <param name="certificate">The file of <c>--cert</c>, if given.</param>
    /// <exception cref="UserErrorException"><c>--ca</c> together with <c>--tls off</c>.</exception>
    public FtpTlsMode ResolveTlsMode(string value, string? authorities, string? certificate) => value switch
    {
        "off" when authorities is not null => throw CommandLine.CreateUsageError("--ca needs TLS, and --tls off excludes it"),
        "off" => FtpTlsMode.Off,
        "required" or "explicit" => FtpTlsMode.Required,
        "implicit" => FtpTlsMode.Implicit,
        _ => authorities is null && certificate is null && FindRecord() is null ? FtpTlsMode.Preferred : FtpTlsMode.Required,
    };

    /// <summary>The trust for the library.</summary>
    /// <param name="authorities">The file of <c>--ca</c>; null for what the system trusts, and then what is remembered.</param>
    public FtpTrust CreateTrust(string? authorities) => new()
    {
        Authorities = authorities is null ? [] : [.. CertificateFiles.LoadAuthorities("--ca", authorities)],
        ShouldAlwaysValidate = true,
        ValidateAsync = (identity, _) => ValueTask.FromResult(IsTrusted(identity, allowsKeys: authorities is null)),
    };

    private bool IsTrusted(FtpServerIdentity identity, bool allowsKeys)
    {
        KnownHost? record = FindRecord();
        if (identity.Problem is null)
        {
            record ??= AddRecord(KnownHost.Authority);
            CheckKey(record, identity);
            return true;
        }

        if (!allowsKeys)
        {
            return false;
        }

        // A key is remembered of a certificate that its owner made. One that was issued for somebody else, or whose time is over, says that something is wrong.
        if (record is null && identity.ProblemKind != FtpCertificateProblem.UntrustedRoot)
        {
            throw new UserErrorException(
                ExitCode.NotTrusted, $"{target} is not trusted, its certificate proves nothing: {identity.Problem}; its key is {identity.Fingerprint}",
                $"if that is the server's own key all the same: fts trust add {target} {identity.Fingerprint}");
        }

        record ??= AddKey(identity);
        CheckKey(record, identity);
        if (record is { HasKey: false })
        {
            throw new UserErrorException(
                ExitCode.NotTrusted,
                $"{target} had a certificate of a trusted authority before, and may not be the same server: {identity.Problem}; its key is {identity.Fingerprint}",
                $"--ca FILE, if that was used before; or if that is the server's own key: fts trust add {target} {identity.Fingerprint}");
        }

        return true;
    }

    /// <exception cref="UserErrorException">Another key is remembered.</exception>
    private void CheckKey(KnownHost? record, FtpServerIdentity identity)
    {
        if (record is { HasKey: true, Proof: var fingerprint } && fingerprint != identity.Fingerprint)
        {
            throw new UserErrorException(
                ExitCode.NotTrusted,
                $"{target} has a different key than before, and may not be the same server: remembered {fingerprint}, now {identity.Fingerprint}",
                $"if the server was reinstalled: fts trust remove {target}");
        }
    }

    private KnownHost? AddKey(FtpServerIdentity identity)
    {
        KnownHost? existing = AddRecord(identity.Fingerprint);
        if (existing is null)
        {
            terminal.WriteMessage($"first time at {target}: its key {identity.Fingerprint} is remembered, and must stay the same");
        }

        return existing;
    }

    /// <summary>Records the server. Returns the record that another process or connection has added meanwhile, or null.</summary>
    private KnownHost? AddRecord(string proof)
    {
        try
        {
            return knownHosts.Add(target.ToString(), proof);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.WriteMessage($"warning: {target} cannot be remembered in {knownHosts.Path.ToPrintable()}: {LocalErrorText.Describe(e).ToPrintable()}");
            return null;
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
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read the remembered keys in {knownHosts.Path}: {LocalErrorText.Describe(e)}");
        }
    }
}
