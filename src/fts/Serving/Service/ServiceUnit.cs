using System.Globalization;
using System.Net;
using System.Text;

namespace Fts.Serving.Service;

/// <summary>The systemd units of the server (systemd.unit(5), systemd.exec(5)).</summary>
internal sealed record ServiceUnit
{
    /// <summary>The first line of each written file. Files without it belong to the user and are not replaced.</summary>
    public const string Mark = "# Written by fts service install. Changes are lost at the next install; use systemctl edit fts instead.";

    /// <summary>The user and the group of the service of the system.</summary>
    public const string User = "fts";

    /// <summary>The name of the folder below /var/lib that systemd creates for the service.</summary>
    public const string StateDirectory = "fts";

    /// <summary>The folder for files if no other folder is given. systemd creates it.</summary>
    /// <remarks>It is not located in the state folder, which no client can reach.</remarks>
    public const string DefaultFolder = $"/var/lib/{FilesDirectory}";

    /// <summary>The folder for log files that systemd creates.</summary>
    public const string LogFolder = $"/var/log/{StateDirectory}";

    private const string FilesDirectory = "fts-files";

    /// <summary>Ports below this one need a capability or a socket of systemd.</summary>
    private const int FirstUnprivilegedPort = 1024;

    /// <summary>Whether the service belongs to a user. Otherwise it belongs to the system.</summary>
    public required bool IsForUser { get; init; }

    /// <summary>The full path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>The full path of the configuration file.</summary>
    public required string ConfigurationFile { get; init; }

    /// <summary>The served folders, with their full paths.</summary>
    public required IReadOnlyList<string> ServedFolders { get; init; }

    /// <summary>
    /// The full paths of the folders with homes and mounted directories of accounts. They may be missing when the service starts.
    /// </summary>
    public IReadOnlyList<string> AccountFolders { get; init; } = [];

    /// <summary>The full path of the configured state folder; null for the folder that systemd creates.</summary>
    public string? StateFolder { get; init; }

    /// <summary>The full path of the log file, or null.</summary>
    public string? LogFile { get; init; }

    /// <summary>The full paths of the program for events, and of certificates, keys and other files that the server reads.</summary>
    public IReadOnlyList<string> ReadFiles { get; init; } = [];

    /// <summary>The address of the server.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>The port for implicit TLS; null for none.</summary>
    public int? ImplicitPort { get; init; }

    /// <summary>Whether systemd opens the port and passes the socket to the server.</summary>
    public bool HasSocket { get; init; }

    /// <summary>
    /// Whether the program creates code at run time, as the JIT compiler does. A service of native code cannot map writable memory as code.
    /// </summary>
    public bool CreatesCode { get; init; }

    /// <summary>The folders that must exist when the service starts, and that systemd does not create.</summary>
    public IReadOnlyList<string> RequiredFolders
    {
        get
        {
            string?[] folders = [.. ServedFolders, StateFolder, FolderOfLog];
            string[] created = [.. CreatedFolders];
            return [.. folders.OfType<string>().Where(folder => !IsInside(folder, created)).Distinct()];
        }
    }

    /// <summary>The folders that systemd creates for the service.</summary>
    private IEnumerable<string> CreatedFolders => ((string[])[DefaultFolder, LogFolder])
        .Where(folder => folder == FolderOfLog || ServedFolders.Contains(folder)).Prepend($"/var/lib/{StateDirectory}");

    /// <summary>The folder of the log file, or null if there is none or if it is a device.</summary>
    private string? FolderOfLog =>
        LogFile is null || IsInside(LogFile, ["/dev", "/proc"]) ? null : Path.GetDirectoryName(LogFile);

    /// <summary>Returns the text of <c>fts.service</c>.</summary>
    public string Format()
    {
        var text = new StringBuilder();
        Append(
            text, Mark, "", "[Unit]", "Description=fts FTP and FTPS server", "Wants=network-online.target",
            "After=network-online.target");
        if (HasSocket)
        {
            Append(text, "Requires=fts.socket", "After=fts.socket");
        }

        Append(
            text,
            "",
            "[Service]",
            "Type=notify",
            $"ExecStart={Quote(Program, isCommand: true)} server --config {Quote(ConfigurationFile, isCommand: true)}",
            $"WorkingDirectory={Path.GetDirectoryName(ConfigurationFile)!.Replace("%", "%%", StringComparison.Ordinal)}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "# The server ends the programs that it runs for events.",
            "KillMode=mixed",
            "WatchdogSec=30",
            "TimeoutStopSec=30",
            "Restart=on-failure",
            "RestartSec=2",
            "# 2 is an invalid setting, which a restart does not correct. 143 is SIGTERM during a transfer.",
            "RestartPreventExitStatus=2",
            "SuccessExitStatus=143");
        if (!IsForUser)
        {
            AppendSystemSettings(text);
        }

        AppendHardening(text);
        Append(text, "", "[Install]", $"WantedBy={(IsForUser ? "default" : "multi-user")}.target");
        if (HasSocket)
        {
            Append(text, "Also=fts.socket");
        }

        return text.ToString();
    }

    /// <summary>Returns the text of <c>fts.socket</c>.</summary>
    public string FormatSocket()
    {
        var text = new StringBuilder();
        Append(
            text, Mark, "", "[Unit]", "Description=Port of the fts FTP and FTPS server", "", "[Socket]", $"ListenStream={EndPoint}",
            "Backlog=512", "", "[Install]", "WantedBy=sockets.target");
        return text.ToString();
    }

    /// <summary>Appends the user, the folders and the capabilities, which only the system's service manager can set.</summary>
    private void AppendSystemSettings(StringBuilder text)
    {
        bool usesDefaultFolder = ServedFolders.Contains(DefaultFolder);
        bool usesLogFolder = FolderOfLog == LogFolder;
        string[] folders = [.. GetWritableFolders().Select(folder => Quote(folder, isCommand: false))];
        bool needsCapability = (!HasSocket && EndPoint.Port is > 0 and < FirstUnprivilegedPort)
            || ImplicitPort is > 0 and < FirstUnprivilegedPort;
        Append(
            text,
            "",
            $"User={User}",
            $"Group={User}",
            $"StateDirectory={StateDirectory}{(usesDefaultFolder ? $" {FilesDirectory}" : "")}",
            "StateDirectoryMode=0750",
            "# The certificate of the server is kept in the folder fts of XDG_STATE_HOME.",
            $"Environment=XDG_STATE_HOME=%S{(StateFolder is null ? $" FTS_STATE=%S/{StateDirectory}" : "")}",
            usesLogFolder ? $"LogsDirectory={StateDirectory}" : null,
            usesLogFolder ? "LogsDirectoryMode=0750" : null,
            needsCapability ? "AmbientCapabilities=CAP_NET_BIND_SERVICE" : null,
            $"CapabilityBoundingSet={(needsCapability ? "CAP_NET_BIND_SERVICE" : "")}",
            "",
            "ProtectSystem=strict",
            folders.Length > 0 ? $"ReadWritePaths={string.Join(' ', folders)}" : null,
            $"ProtectHome={(UsesAny("/home", "/root", "/run/user") ? "read-only" : "yes")}",
            $"PrivateTmp={(UsesAny("/tmp", "/var/tmp") ? "no" : "yes")}",
            "PrivateDevices=yes",
            "ProtectProc=invisible",
            "ProtectClock=yes",
            "ProtectControlGroups=yes",
            "ProtectHostname=yes",
            "ProtectKernelLogs=yes",
            "ProtectKernelModules=yes",
            "ProtectKernelTunables=yes",
            "RemoveIPC=yes");
    }

    /// <summary>
    /// Returns the folders that systemd must make writable, without those that it creates and without folders inside other ones. A hyphen
    /// precedes folders that may be missing: otherwise the service would not start.
    /// </summary>
    private IEnumerable<string> GetWritableFolders()
    {
        IReadOnlyList<string> required = RequiredFolders;
        string[] optional = [.. AccountFolders.Where(folder => !IsInside(folder, [.. CreatedFolders, .. required])).Distinct()];
        return [.. required, .. optional.Select(folder => "-" + folder)];
    }

    /// <summary>Returns whether a path is one of the folders or is located in one of them.</summary>
    private static bool IsInside(string path, ReadOnlySpan<string> folders)
    {
        foreach (string folder in folders)
        {
            if (path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Appends the restrictions that also work without privileges. Netlink sockets are needed because the kernel reports the user of a
    /// loopback client through them.
    /// </summary>
    private void AppendHardening(StringBuilder text) => Append(
        text,
        "",
        "NoNewPrivileges=yes",
        "LockPersonality=yes",
        CreatesCode ? null : "MemoryDenyWriteExecute=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service landlock_create_ruleset landlock_add_rule landlock_restrict_self",
        "SystemCallErrorNumber=EPERM");

    /// <summary>Returns whether a path of the service is located below one of the folders.</summary>
    private bool UsesAny(params ReadOnlySpan<string> folders)
    {
        string?[] paths = [.. ServedFolders, .. AccountFolders, .. ReadFiles, StateFolder, LogFile, Program, ConfigurationFile];
        foreach (string path in paths.OfType<string>())
        {
            if (IsInside(path, folders))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Returns a path in quotation marks. Percent signs start specifiers in every setting. In commands, dollar signs start variables.
    /// </summary>
    private static string Quote(string path, bool isCommand)
    {
        var text = new StringBuilder("\"");
        foreach (char c in path)
        {
            text.Append(c switch
            {
                '%' => "%%",
                '$' when isCommand => "$$",
                '"' or '\\' => $"\\{c}",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => c.ToString(),
            });
        }

        return text.Append('"').ToString();
    }

    /// <summary>Appends lines. A null line is a setting that does not apply.</summary>
    private static void Append(StringBuilder text, params ReadOnlySpan<string?> lines)
    {
        foreach (string? line in lines)
        {
            if (line is not null)
            {
                text.Append(line).Append('\n');
            }
        }
    }
}
