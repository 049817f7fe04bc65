namespace Fts.Cli;

/// <summary>The files of this program that no client of its server reaches, even if the served folder contains them.</summary>
internal static class OwnFiles
{
    /// <summary>
    /// Private keys and certificates, the state folder, and the settings folder, which contains the keys of the servers that the user trusts. The two most
    /// important files in these folders are listed themselves, too: they are protected even if a folder cannot be read.
    /// </summary>
    public static IReadOnlyList<string> Of(Encryption encryption, NamedHosts hosts) =>
    [
        Path.GetDirectoryName(Encryption.PathOfOwn())!,
        Path.GetDirectoryName(KnownHosts.OfUser.Path)!,
        Encryption.PathOfOwn(),
        KnownHosts.OfUser.Path,
        .. encryption.Files,
        .. encryption.ClientAuthorityFile is { } authority ? [authority] : Array.Empty<string>(),
        .. hosts.Files,
    ];
}
