using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Trust;

namespace Fts.Doctor.Checks;

/// <summary>Judges the certificate of the server by the rules of <see cref="ServerTrust"/>, without storing its key.</summary>
internal static class CertificateCheck
{
    private const string Name = "certificate";

    /// <summary>The remaining validity below which the certificate should be renewed.</summary>
    private static readonly TimeSpan RenewalPeriod = TimeSpan.FromDays(14);

    /// <summary>Returns the verdict on a certificate.</summary>
    /// <param name="settings">The settings, with the port that was found.</param>
    /// <param name="identity">The identity in the certificate.</param>
    public static CheckResult Check(DoctorSettings settings, FtpServerIdentity identity) => Check(
        settings.Target, identity, KnownHosts.ForUser.Find(settings.Target.ToString()),
        acceptsKeys: settings.Options.Trust.Authorities.Count == 0, DateTimeOffset.UtcNow);

    /// <summary>Returns the verdict on a certificate.</summary>
    /// <param name="target">The server.</param>
    /// <param name="identity">The identity in the certificate.</param>
    /// <param name="record">The record of the server in the known hosts; null if there is none.</param>
    /// <param name="acceptsKeys">Whether a key may prove the identity. False with <c>--ca</c>.</param>
    /// <param name="now">The current time.</param>
    public static CheckResult Check(
        Target target, FtpServerIdentity identity, KnownHost? record, bool acceptsKeys, DateTimeOffset now)
    {
        string validity = $"valid until {identity.NotAfter:yyyy-MM-dd}";
        string add = $"fts trust add {target} {identity.Fingerprint}";
        if (record is { HasKey: true, Proof: var key })
        {
            return key == identity.Fingerprint
                ? CheckResult.Ok(Name, $"key {key} is remembered; {validity}")
                : CheckResult.Problem(
                    Name, ExitCode.NotTrusted,
                    $"the key has changed: expected {key}, got {identity.Fingerprint}; this may be another server",
                    $"if the server was reinstalled: fts trust remove {target}");
        }

        if (identity.Problem is null)
        {
            TimeSpan remaining = identity.NotAfter - now;
            return remaining < RenewalPeriod
                ? CheckResult.Note(
                    Name, $"trusted, but {validity} only ({(int)remaining.TotalDays} days)", "renew the certificate of the server")
                : CheckResult.Ok(Name, $"from a trusted authority, for {identity.Host}, {validity}");
        }

        return identity.ProblemKind == FtpCertificateProblem.UntrustedRoot && record is null && acceptsKeys
            ? CheckResult.Note(
                Name, $"not from a trusted authority, {validity}; key {identity.Fingerprint}", $"if the server prints the same key: {add}")
            : CheckResult.Problem(
                Name, ExitCode.NotTrusted, $"not trusted: {identity.Problem}; key {identity.Fingerprint}",
                $"renew the certificate, or if this is the key of your server: {add}");
    }
}
