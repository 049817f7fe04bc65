using Fts.Client;

namespace Fts.Cli;

/// <summary>
/// Whom the client believes: authorities the system trusts, or those of <c>--ca</c>; else the key a server showed the first time, which is remembered. A
/// server that was encrypted once is not spoken to in plain again unasked, for taking the offer away is the easiest attack there is.
/// </summary>
/// <param name="target">The server.</param>
/// <param name="known">The keys remembered.</param>
/// <param name="terminal">Where a first meeting is told.</param>
internal sealed class ServerTrust(Target target, KnownHosts known, Terminal terminal)
{
    /// <summary>The mode that stands for a <c>--tls</c> word.</summary>
    public FtpTlsMode Mode(string word) => word switch
    {
        "off" => FtpTlsMode.Off,
        "required" => FtpTlsMode.Required,
        "implicit" => FtpTlsMode.Implicit,
        _ => Remembered() is null ? FtpTlsMode.WhenOffered : FtpTlsMode.Required,
    };

    /// <summary>The trust for the library.</summary>
    /// <param name="authorities">The file of <c>--ca</c>; null for what the system trusts, and then what is remembered.</param>
    public FtpTrust For(string? authorities) =>
        authorities is null ? new FtpTrust { Decide = (identity, _) => ValueTask.FromResult(Decide(identity)) } : new FtpTrust { Authorities = [.. CertificateFiles.Authorities("--ca", authorities)] };

    private bool Decide(FtpServerIdentity identity)
    {
        if (Remembered() is { } fingerprint)
        {
            return fingerprint == identity.Fingerprint ? true : throw new FailureException(
                ExitCode.NotTrusted,
                $"{target} has another key than before, and may not be the same server: remembered {fingerprint}, now {identity.Fingerprint}",
                $"if it was set up anew: fts trust remove {target}");
        }

        // A key is remembered of a certificate that its owner made. One that was issued for somebody else, or whose time is over, says that something is wrong.
        if (identity.ProblemKind != FtpCertificateProblem.NobodyVouches)
        {
            throw new FailureException(
                ExitCode.NotTrusted, $"{target} is not trusted, its certificate proves nothing: {identity.Problem}; its key is {identity.Fingerprint}",
                $"if that is the server's own key all the same: fts trust add {target} {identity.Fingerprint}");
        }

        terminal.Say($"first time at {target}: its key {identity.Fingerprint} is remembered, and must stay the same");
        try
        {
            known.Add(target.ToString(), identity.Fingerprint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.Say($"warning: it cannot be remembered in {known.Path}: {LocalReason.Of(e)}");
        }

        return true;
    }

    private string? Remembered()
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
