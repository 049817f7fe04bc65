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
/// <param name="known">The remembered servers.</param>
/// <param name="terminal">The terminal for reports.</param>
internal sealed class ServerTrust(Target target, KnownHosts known, Terminal terminal)
{
    /// <summary>
    /// Returns the mode for a value of <c>--tls</c>. Auto requires TLS with <c>--ca</c> or <c>--cert</c>, and for a remembered server.
    /// </summary>
    /// <param name="word">The value.</param>
    /// <param name="authorities">The file of <c>--ca</c>, if given.</param>
    /// <param name="certificate">The file of <c>--cert</c>, if given.</param>
    /// <exception cref="FailureException"><c>--ca</c> together with <c>--tls off</c>.</exception>
    public FtpTlsMode Mode(string word, string? authorities, string? certificate) => word switch
    {
        "off" when authorities is not null => throw CommandLine.Usage("--ca needs TLS, and --tls off excludes it"),
        "off" => FtpTlsMode.Off,
        "required" or "explicit" => FtpTlsMode.Required,
        "implicit" => FtpTlsMode.Implicit,
        _ => authorities is null && certificate is null && Remembered() is null ? FtpTlsMode.Preferred : FtpTlsMode.Required,
    };

    /// <summary>The trust for the library.</summary>
    /// <param name="authorities">The file of <c>--ca</c>; null for what the system trusts, and then what is remembered.</param>
    public FtpTrust For(string? authorities) => new()
    {
        Authorities = authorities is null ? [] : [.. CertificateFiles.Authorities("--ca", authorities)],
        ShouldAlwaysValidate = true,
        ValidateAsync = (identity, _) => ValueTask.FromResult(Decide(identity, acceptsKeys: authorities is null)),
    };

    private bool Decide(FtpServerIdentity identity, bool acceptsKeys)
    {
        KnownHost? record = Remembered();
        if (identity.Problem is null)
        {
            record ??= Remember(KnownHost.Authority);
            CheckKey(record, identity);
            return true;
        }

        if (!acceptsKeys)
        {
            return false;
        }

        // A key is remembered of a certificate that its owner made. One that was issued for somebody else, or whose time is over, says that something is wrong.
        if (record is null && identity.ProblemKind != FtpCertificateProblem.UntrustedRoot)
        {
            throw new FailureException(
                ExitCode.NotTrusted, $"{target} is not trusted, its certificate proves nothing: {identity.Problem}; its key is {identity.Fingerprint}",
                $"if that is the server's own key all the same: fts trust add {target} {identity.Fingerprint}");
        }

        record ??= RememberKey(identity);
        CheckKey(record, identity);
        if (record is { HasKey: false })
        {
            throw new FailureException(
                ExitCode.NotTrusted,
                $"{target} had a certificate of a trusted authority before, and may not be the same server: {identity.Problem}; its key is {identity.Fingerprint}",
                $"--ca FILE, if that was used before; or if that is the server's own key: fts trust add {target} {identity.Fingerprint}");
        }

        return true;
    }

    /// <exception cref="FailureException">Another key is remembered.</exception>
    private void CheckKey(KnownHost? record, FtpServerIdentity identity)
    {
        if (record is { HasKey: true, Proof: var fingerprint } && fingerprint != identity.Fingerprint)
        {
            throw new FailureException(
                ExitCode.NotTrusted,
                $"{target} has a different key than before, and may not be the same server: remembered {fingerprint}, now {identity.Fingerprint}",
                $"if the server was reinstalled: fts trust remove {target}");
        }
    }

    private KnownHost? RememberKey(FtpServerIdentity identity)
    {
        KnownHost? earlier = Remember(identity.Fingerprint);
        if (earlier is null)
        {
            terminal.Say($"first time at {target}: its key {identity.Fingerprint} is remembered, and must stay the same");
        }

        return earlier;
    }

    /// <summary>Records the server. Returns the record that another process or connection has added meanwhile, or null.</summary>
    private KnownHost? Remember(string proof)
    {
        try
        {
            return known.Add(target.ToString(), proof);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.Say($"warning: {target} cannot be remembered in {known.Path.ToPrintable()}: {LocalReason.Of(e).ToPrintable()}");
            return null;
        }
    }

    private KnownHost? Remembered()
    {
        try
        {
            return known.Find(target.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(ExitCode.LocalFiles, $"cannot read the remembered keys in {known.Path}: {LocalReason.Of(e)}");
        }
    }
}
