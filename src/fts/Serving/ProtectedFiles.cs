using Fts.Serving.Accounts;
using Fts.Trust;

namespace Fts.Serving;

/// <summary>The files of this program that no client can reach, even if the served folder contains them.</summary>
internal static class ProtectedFiles
{
    /// <summary>
    /// Returns the paths of private keys, certificates, the state folder and the settings folder, which contains the fingerprints of
    /// trusted servers. The most important file in each folder is returned as well, so that the file is protected even if the folder cannot
    /// be read.
    /// </summary>
    public static IReadOnlyList<string> GetPaths(TlsSettings tlsSettings, VirtualHosts hosts, ServerAccounts? accounts) =>
    [
        Path.GetDirectoryName(TlsSettings.GetOwnCertificatePath())!,
        Path.GetDirectoryName(KnownHosts.ForUser.Path)!,
        TlsSettings.GetOwnCertificatePath(),
        KnownHosts.ForUser.Path,
        .. tlsSettings.ConfiguredFiles,
        .. tlsSettings.ClientAuthorityFile is { } authority ? [authority] : Array.Empty<string>(),
        .. hosts.Files,
        .. accounts is null ? Array.Empty<string>() : [accounts.State.Path],
    ];
}
