using System.Reflection;
using Fts.Administration;
using Fts.Administration.Events;
using Fts.Cli.Completion;
using Fts.Cli.Help;
using Fts.Doctor;
using Fts.Serving;
using Fts.Sync;
using Fts.Transfers;
using Fts.Transfers.Remote;

namespace Fts.Cli;

/// <summary>
/// Prints help pages and the version, for <c>fts help</c>, <c>fts --version</c>, and <c>--help</c> of every subcommand. Needs no network.
/// </summary>
internal static class HelpCommand
{
    /// <summary>The help topics that are not subcommands.</summary>
    private const string HostsTopic = "hosts", UploadsTopic = "uploads";

    /// <summary>The subcommands with a help page of their own.</summary>
    private static readonly string[] Subcommands =
    [
        "server", "client", "open", "get", "put", "ls", "cat", "stat", "rm", "mv", "mkdir", "rmdir", "mirror", "sync", "doctor", "user",
        "group", "status", "kick", "ban", "events", "log", "config", "service", "trust", "completion",
    ];

    /// <summary>The names of all subcommands.</summary>
    public static IReadOnlyList<string> SubcommandNames { get; } = [.. Subcommands, "help", "version"];

    /// <summary>The arguments that <c>fts help TOPIC</c> accepts.</summary>
    public static IReadOnlyList<string> Topics { get; } = [.. Subcommands, HostsTopic, UploadsTopic];

    private static HelpPage OverviewPage => new()
    {
        Usage = ["fts COMMAND [arguments] [options]"],
        Purpose = "An FTP and FTPS server and client.",
        Examples =
        [
            new("fts server", "share the current folder with this machine"),
            new("fts client", "connect to that server from another terminal"),
            new("fts get ftp://files.example.com/pub/report.pdf", "download a file"),
        ],
        ArgumentsHeading = "Commands",
        Arguments =
        [
            new("server", "share a folder"),
            new("client", "connect to a server and type commands"),
            new("open URL", "the same for a URL"),
            new("get URL…", "download files"),
            new("put FILE… URL", "upload files"),
            new("ls URL…", "list folders"),
            new("cat URL…", "print files"),
            new("stat URL…", "print sizes, times and modes"),
            new("rm URL…", "remove files and folders"),
            new("mv URL… URL", "rename and move files and folders"),
            new("mkdir URL…", "create folders"),
            new("rmdir URL…", "remove empty folders"),
            new("mirror URL FOLDER", "download missing and changed files of a folder"),
            new("mirror FOLDER URL", "upload missing and changed files of a folder"),
            new("sync SOURCE TARGET", "make a folder equal to another, with guarded deletions"),
            new("doctor HOST", "check a server, and name the setting for each problem"),
            new("user", "manage the accounts of a server"),
            new("group", "manage groups, which supply settings to accounts"),
            new("trust", "list and change the remembered servers"),
            new("status", "list the sessions of a running server"),
            new("kick ID…", "end sessions of a running server"),
            new("ban", "list and change the banned addresses and accounts"),
            new("events", "print, check and deliver the recorded events"),
            new("log PATH", "print who did what with a file"),
            new("config", "check the settings of the server"),
            new("service", "run the server as a service of systemd"),
            new("help TOPIC", $"print arguments, options and exit codes; topics: {string.Join(", ", Topics)}"),
            new("help --man", "print the manual page fts(1)"),
            new("completion SHELL", "print the completion script of a shell"),
            new("--version", "print the version"),
        ],
        Notes =
        [
            $"Without arguments, server and client use the address 127.0.0.1 and the port {Connections.Target.DefaultPort}.",
        ],
    };

    private static HelpPage HostsPage => new()
    {
        Usage = ServerCommand.Definition.Page.Usage,
        Purpose = "Serves several hosts on one address, and lets clients log in with certificates.",
        Examples =
        [
            new("fts server 0.0.0.0 --host pub.example.com=/srv/pub", "serve another folder to clients that connect to this name"),
            new("fts server 0.0.0.0 --tls required --client-ca ours.pem --client-cert require", "accept only clients with a certificate"),
            new("fts client files.example.com 65432 --user ann --cert ann.pem", "connect with a certificate"),
        ],
        OptionGroups = [VirtualHosts.CommandLineOptions, TlsSettings.ClientCertificateOptions],
        Notes =
        [
            "A client selects a host with the HOST command or with the server name in its TLS handshake. A client that sends " +
            "an IP address or no host name gets the folder of --folder. The login rules are the same for all hosts.",
            "A client with a certificate may read and write, and can log in only under the common name of the certificate. Use an " +
            "authority that issues certificates for this server only. The file of --client-ca is read once, at the start.",
            "fts help server lists all options.",
        ],
    };

    private static HelpPage UploadsPage => new()
    {
        Usage = ServerCommand.Definition.Page.Usage,
        Purpose = "Controls which uploads are published, and how long interrupted uploads are kept.",
        Examples =
        [
            new("fts server --durable", "keep published uploads even after a power failure"),
            new("fts server --publish complete-only --keep-partial 7d", "publish only uploads proven complete, keep others for a week"),
        ],
        OptionGroups = [UploadPolicy.CommandLineOptions],
        Notes =
        [
            "An upload is known to be truncated if its data connection was reset or timed out, if the client sent ABOR, or if the " +
            "size differs from the size that ALLO announced. Without ALLO, an upload is also truncated if the client closed the " +
            "control connection or sent QUIT before the end of the data, or if TLS ended without close_notify. " +
            "An upload is proven complete by the size of ALLO, by close_notify, by block mode (MODE B), or by compression (MODE Z).",
            "An interrupted upload is kept for the account and address that sent it. " +
            "To resume the upload, use put --resume in fts client, curl -C - -T, or put -c in lftp.",
            "With --durable, simultaneous uploads share a flush. Without --durable, the system writes uploads to the disk later: " +
            "they survive a crash of the server process, but perhaps not a crash of the system.",
            "fts help server lists all options.",
        ],
    };

    /// <summary>Returns whether a topic is a subcommand with a help page.</summary>
    public static bool IsSubcommand(string topic) => FindDefinition(topic) is not null;

    /// <summary>Returns the definition of a subcommand, or null if the name is not a subcommand with a help page.</summary>
    public static SubcommandDefinition? FindDefinition(string name) => name switch
    {
        "server" => ServerCommand.Definition,
        "client" => ClientCommand.Definition,
        "get" => GetCommand.Definition,
        "put" => PutCommand.Definition,
        "open" => ClientCommand.OpenDefinition,
        "ls" => ListCommand.Definition,
        "cat" => CatCommand.Definition,
        "stat" => StatCommand.Definition,
        "rm" => RemoveCommand.Definition,
        "mv" => MoveCommand.Definition,
        "mkdir" => FolderCommands.MakeDefinition,
        "rmdir" => FolderCommands.RemoveDefinition,
        "mirror" => MirrorCommand.Definition,
        "sync" => SyncCommand.Definition,
        "doctor" => DoctorCommand.Definition,
        "trust" => TrustCommand.Definition,
        "completion" => CompletionCommand.Definition,
        "status" => StatusCommand.Definition,
        "kick" => KickCommand.Definition,
        "ban" => BanCommand.Definition,
        "log" => LogCommand.Definition,
        "config" => ConfigCommand.Definition,
        "service" => ServiceCommand.Definition,
        _ => null,
    };

    /// <summary>Prints the help page of a topic, or the overview if the topic is null.</summary>
    /// <exception cref="UserErrorException">The topic does not exist.</exception>
    public static ExitCode PrintPage(string? topic)
    {
        Terminal.Plain.WriteData(HelpFormatter.Format(GetPage(topic)));
        Terminal.Plain.Flush();
        return ExitCode.Success;
    }

    /// <summary>Returns the help page of a topic, or the overview if the topic is null.</summary>
    /// <exception cref="UserErrorException">The topic does not exist.</exception>
    public static HelpPage GetPage(string? topic) => topic switch
    {
        null or "help" => OverviewPage,
        HostsTopic => HostsPage,
        UploadsTopic => UploadsPage,
        _ when FindAdministrationPage(topic) is { } page => page,
        _ when FindDefinition(topic) is { } definition => definition.Page,
        _ => throw CommandLine.CreateUsageError(
            $"unknown help topic '{topic}'",
            SpellingSuggestion.FindNearest(topic, Topics),
            $"fts help [{string.Join('|', Topics)}]"),
    };

    /// <summary>Returns the page of <c>user</c>, <c>group</c> or <c>events</c>, or of an action such as <c>user add</c>.</summary>
    private static HelpPage? FindAdministrationPage(string topic)
    {
        string[] words = topic.Split(' ');
        AdministrationCommand? command =
            new[] { UserCommand.Command, GroupCommand.Command, EventsCommand.Command }.FirstOrDefault(command => command.Name == words[0]);
        return words.Length == 1 ? command?.Overview : command?.FindPage(words[1]);
    }

    /// <summary>The option of <c>fts help</c> that prints the manual page.</summary>
    public const string ManualOption = "--man";

    /// <summary>Prints the manual page fts(1).</summary>
    public static ExitCode PrintManualPage()
    {
        string page = ManualPage.Format(Version, OverviewPage, Subcommands.Select(name => (name, GetPage(name))));
        Terminal.Plain.WriteData(page.TrimEnd('\n'));
        Terminal.Plain.Flush();
        return ExitCode.Success;
    }

    private static string Version =>
        typeof(HelpCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>Prints the name and the version of the program.</summary>
    public static ExitCode PrintVersion()
    {
        Terminal.Plain.WriteData($"fts {Version}");
        Terminal.Plain.Flush();
        return ExitCode.Success;
    }
}
