namespace Fts.Serving.Service;

/// <summary>The files of a service.</summary>
/// <param name="IsForUser">Whether the service belongs to a user. Otherwise it belongs to the system.</param>
/// <param name="UnitFolder">The folder of the units.</param>
/// <param name="ConfigurationFile">The configuration file of the server.</param>
/// <param name="StateFolder">The state folder, if the configuration file names no other.</param>
internal sealed record ServicePaths(bool IsForUser, string UnitFolder, string ConfigurationFile, string StateFolder)
{
    /// <summary>The files of the service of the system.</summary>
    public static ServicePaths ForSystem { get; } =
        new(false, "/etc/systemd/system", "/etc/fts/fts.json", $"/var/lib/{ServiceUnit.StateDirectory}");

    /// <summary>The unit of the server.</summary>
    public string ServiceFile => Path.Combine(UnitFolder, "fts.service");

    /// <summary>The unit of the socket, which exists only if systemd opens the port.</summary>
    public string SocketFile => Path.Combine(UnitFolder, "fts.socket");

    /// <summary>The file from which systemd creates the user of the service; null if the service belongs to a user.</summary>
    public string? UserFile => IsForUser ? null : "/etc/sysusers.d/fts.conf";

    /// <summary>Returns the files of a service of this user.</summary>
    public static ServicePaths ForUser()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string settings = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder && Path.IsPathRooted(folder)
            ? folder
            : Path.Combine(home, ".config");
        return new ServicePaths(
            true, Path.Combine(settings, "systemd", "user"), Path.Combine(settings, "fts", "fts.json"),
            Path.GetDirectoryName(TlsSettings.GetOwnCertificatePath())!);
    }
}
