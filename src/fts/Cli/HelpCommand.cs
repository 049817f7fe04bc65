using System.Reflection;

namespace Fts.Cli;

/// <summary><c>fts help</c>, <c>fts --version</c>, and <c>--help</c> of every subcommand. Needs no network.</summary>
internal static class HelpCommand
{
    private const string Overview = """
        fts: an FTP server and client

          fts server [ip] [port] [debug] [options]    share the current folder
          fts client [ip] [port] [debug] [options]    connect, then type commands
          fts get URL… | put FILE… URL                fetch or send files, and be done
          fts mirror URL FOLDER | FOLDER URL          make a folder like another: what differs is transferred
          fts trust list | add | remove               the server keys that are remembered
          fts help COMMAND, hosts or uploads          their options and exit codes
          fts --version

        Without arguments server and client use 127.0.0.1 65432 0; debug 1 shows every request and response.

          fts server                                  share this folder with this machine
          fts client                                  and, in another terminal: put, get, change, ls, help, bye
        """;

    private const string Server = """
        fts server [ip] [port] [debug] [options]      default: 127.0.0.1 65432 0

          ip, port           where to listen; 0.0.0.0 or :: for every address of this machine, port 0 for any free port
          debug              1 prints each request and response, passwords masked   --quiet   nothing per connection, transfer
          --folder DIR       the folder to share; default: the current one    --no-sandbox   do not let Linux keep us to it
          --anonymous WHO    read, write or no: what anybody may do without a password
          --tls WHEN         optional (the default), required or off     --implicit-port N   TLS from the first byte
          --cert FILE        certificate (PEM, PFX), --key FILE its key; else one is kept in ${XDG_STATE_HOME:-~/.local/state}/fts
          --data-binding HOW observe (the default), require or off: data connections resume their session's TLS
          --passive-ports A-B[=C-D]   only these for data, told as C-D    --passive-address [NET=]IP|NAME   what PASV tells
          --proxy-protocol-from NET   balancers, whose PROXY header says who the client is (this and the last: repeatable)
          --data-timeout 60s   how long to wait for a data connection    --data-peers WHO   its allowed addresses: same (the default), network/24, any
          --max-sessions 50000, --max-sessions-per-address 100 (IPv6: per /64)    --host, --client-ca: fts help hosts
          --durable, --publish, --keep-partial, --close-notify: fts help uploads

        On a loopback address, you and root need no password; on systems other than Linux, no local user needs one.
        All others sign in as fts with the password on the start screen, which is made at each start.
        Ctrl-C or SIGTERM lets running transfers finish (up to 10 s); a second one stops at once. SIGHUP reloads certificates.

          fts server
          fts server 192.168.1.5 2121 --folder ~/share --anonymous read

        Exit codes: 0 stopped, nothing was cut off · 2 usage · 3 the address or port cannot be used
          11 no such folder · 130 (Ctrl-C) or 143 (SIGTERM) stopped while a transfer was running
        """;

    private const string Client = """
        fts client [ip|host|URL] [port] [debug] [options]      default: 127.0.0.1 65432 0

          URL                  ftp://user@host:port/folder; port 21 if it names none
          --user NAME          who to sign in as; default: anonymous           --color, --progress WHEN   auto, always, never
          --password-file FILE its first line is the password of --user. Or set FTS_PASSWORD, or have ~/.netrc; else you are asked. FTS_ACCOUNT: the account that ACCT sends
          --tls WHEN           auto (the default: TLS if offered; required if this server used it before), required (or explicit), off, implicit   --ca FILE   trust only these authorities (PEM)
                               With --ca or --cert, auto means required. A password is sent unencrypted to another machine only with off, or if you agree
          --cert FILE          your own certificate, for servers that ask (PEM, PFX); --key FILE its key, FTS_KEY_PASSWORD its secret
          --active, --passive  the server connects for data, or we; default: both ways. --passive-address control (default) or server: whose word
          --proxy URL          socks5://user@host:port, http://… or off; default: ftp_proxy or all_proxy, no_proxy. FTS_PROXY_PASSWORD: its password
          --compress WHEN      auto (the default: if it is faster), off, always    --segments N   connections for one file: auto (the default), 1 to 16
          --encoding NAME      of names on the server: utf-8 (the default), latin1, windows-1252, gbk, shift_jis, big5, euc-kr, koi8-r ...
          --overwrite, --skip, --resume   for a file that already exists. Default: put replaces it, get asks, or fails in a script     --ascii   convert line ends (TYPE A)
          --verify WHEN        compare SHA-256: auto (the default: resumed files, if the server can), always (fails if it cannot), never

          fts client 192.168.1.5 2121 --user fts
          fts client ftp://files.example.com/pub <commands.txt

        On a terminal: Tab completes, Ctrl-C stops a command or clears the line, Ctrl-D leaves. From a pipe every line is a command.
        Type help inside for the commands; of several files see fts help get. stdout carries only data (ls, cat, size, help ...), all else goes to stderr.

        Exit codes: 0 done · 1 other · 2 usage · 3 cannot connect · 4 login refused · 5 TLS or trust · 6 not found · 7 not permitted
          8 transfer failed · 9 some of several failed · 10 not the same · 11 local files · 12 no space or quota · 129 terminal closed · 130 Ctrl-C · 143 SIGTERM
          Commands from a pipe: the code of the failed command, or 9 if several failed. On a terminal: 0. Also 9 if nlist, get * or mirror skip a line of an unknown format.
        """;

    private const string Get = """
        fts get URL… [--to FOLDER] [options]

          URL              ftp://user@host:port/folder/file, from where the sign-in lands; ftp://host/%2Ffolder/file from the top
                           * and ? in its last part fetch all that fit; quote them for your shell
                           at its end, ;type=a means --ascii, ;type=i binary (the default), ;type=d lists names. Write ; in a name as %3B
          --ascii          convert line ends (TYPE A); such files are not verified, resumed or sent in segments
          --to FOLDER      where to put them; default: the current folder. --to - writes them to stdout
          --overwrite, --skip, --resume   a file that is here already; without: you are asked, or it fails in a script
          --debug          show each request and response, passwords masked

        And the options of fts client on sign-in, TLS, proxies, verification and progress: fts help client.
        Several files come as one: over one data connection where the server can (MODE B), else over up to four connections,
        fewer where the server allows fewer. Up to 20 have a line each; of more a pipe gets a line every 10 s or 10 %, one for
        each that failed, and a sum. What came of one that broke off is kept, and the same command fetches the rest.

          fts get ftp://files.example.com/pub/report.pdf
          fts get 'ftp://ann@192.168.1.5:2121/photos/*.jpg' --to ~/photos --skip

        Exit codes as of fts client: 0 all are here · 6 no such file · 8 transfer failed · 9 some of several failed · ...
        """;

    private const string Put = """
        fts put FILE… URL [options]

          URL              ftp://user@host:port/folder/, which they go into; without a slash at the end it is the name that
                           one file gets. Paths count from where the sign-in lands; ftp://host/%2Ffolder/ from the top
          --ascii          convert line ends (TYPE A), as ;type=a at the end of the URL does
          --overwrite      replace what is there (the default)
          --skip, --resume leave it, or go on from it
          --debug          show each request and response, passwords masked

        And the options of fts client on sign-in, TLS, proxies, verification and progress: fts help client.
        Several files go as one: over one data connection where the server can (MODE B), else over up to four connections,
        fewer where the server allows fewer. Up to 20 have a line each; of more a pipe gets a line every 10 s or 10 %, one for
        each that failed, and a sum.

          fts put report.pdf ftp://192.168.1.5:2121/
          fts put *.jpg ftp://ann@192.168.1.5:2121/photos/ --password-file ~/.secret

        Exit codes as of fts client: 0 all are there · 6 no such file · 8 transfer failed · 9 some of several failed · ...
        """;

    private const string Mirror = """
        fts mirror URL FOLDER | FOLDER URL [--dry-run] [options]      in fts client: mirror [-R] SOURCE [TARGET]

        The second becomes like the first: folders are made, empty ones too, and files transferred that are not there, or have
        another size or time of change. Nothing is ever removed. Run it again to go on after it was stopped.

          --dry-run        tell what would be done, and change nothing
          --skip           leave files that are there, though they differ
          --debug          show each request and response, passwords masked

        And the options of fts client on sign-in, TLS, proxies, verification and progress: fts help client.
        Times count to the second. Where the server tells none that exactly (it has no MLSD), sizes alone do; where it cannot be
        given a file's time (no MFMT), an upload that is not older than the file counts as the same.
        Symbolic links are left on both sides, as far as the server tells them; those it shows as the folder they lead to are
        followed, but not back to where they are in. A name that leads out of the folder is refused and counts as a failure.
        In a download, so does a line of the listing in an unknown format.

          fts mirror ftp://files.example.com/pub/docs docs
          fts mirror site ftp://ann@192.168.1.5:2121/www --dry-run

        Exit codes as of fts client: 0 both have the same · 6 no such folder · 9 some of it failed · ...
        """;

    private const string Trust = """
        fts trust list | add HOST:PORT SHA256:KEY|TLS | remove HOST:PORT

        A server whose certificate no trusted authority vouches for is known by its key: remembered the first time, in
        ${XDG_CONFIG_HOME:-~/.config}/fts/known_hosts, and refused when it shows another (exit code 5).
        fts server shows its key when it starts; add it beforehand to be sure from the first time.
        A server with a certificate of a trusted authority is remembered as TLS: it must have such a certificate
        again, with any key. No remembered server is used without TLS, except with --tls off.

          fts trust add 192.168.1.5:2121 SHA256:...
          fts trust add files.example.com:21 TLS      require TLS and a trusted certificate
          fts trust remove 192.168.1.5:2121           after the server was set up anew

        Exit codes: 0 done · 2 usage · 6 not remembered · 11 the file cannot be read or written
        """;

    private const string Hosts = """
        fts server, several hosts on one address and certificates of clients

          --host NAME=FOLDER       serve this folder to clients that connect to NAME (HOST or TLS say so); may be repeated.
                                   Who names none, or an address, gets --folder. Who may sign in is the same everywhere
          --host-cert NAME=FILE    its own certificate (PEM, PFX)     --host-key NAME=FILE   the key, if in another file
          --client-ca FILE         root certificates (PEM). Who holds a certificate for clients issued below them signs in
                                   without a password: as its common name, letter for letter, and as nobody else; reads and
                                   writes. Take an authority that issues for this server alone. Read once, at the start
          --client-cert HOW        ask (the default): the others sign in as before; require: nobody signs in without one

          fts server 0.0.0.0 --host pub.example.com=/srv/pub --host-cert pub.example.com=pub.pem
          fts server 0.0.0.0 --tls required --client-ca ours.pem --client-cert require
          fts client files.example.com 65432 --user ann --cert ann.pem
        """;

    private const string Uploads = """
        fts server, what becomes of uploads

          --durable          a file and its name are on stable storage before its upload is acknowledged, renames, removals and new
                             folders as well: they outlast a power cut. Uploads at the same time share a flush. Without it they
                             outlast the end of the server, however that comes, and the system writes them out when it likes
          --publish WHICH    auto (the default): every upload that is not known to be cut. Known are a reset, a timeout, ABOR, TLS
                             whose end was not announced, another size than ALLO told
                             complete-only: none but those proven whole, by ALLO or the announced end of TLS; 550 for the others
          --close-notify WHEN   required (the default): an upload over TLS must end with close_notify or have the size that
                             ALLO announced; else 426. optional: accept uploads without either, as without TLS, for clients
                             that cannot be changed. An attacker on the network could then truncate an upload unnoticed
          --keep-partial T   how long what came of a cut upload is kept, for the account and address it came from: 30m, 24h (the
                             default), 7d, or 0 for not at all. Clients resume it: put --resume, curl -C - -T, lftp put -c

          fts server --durable
          fts server 0.0.0.0 --publish complete-only --keep-partial 7d
        """;

    /// <summary>Every subcommand's name.</summary>
    public static IReadOnlyList<string> SubcommandNames { get; } = ["server", "client", "get", "put", "mirror", "trust", "help", "version"];

    /// <summary>Whether there is a page for this.</summary>
    public static bool HasPage(string topic) => topic is "server" or "client" or "get" or "put" or "mirror" or "trust";

    /// <summary>Prints a page.</summary>
    public static ExitCode PrintPage(string? topic)
    {
        Terminal.Plain.WriteData(topic switch
        {
            null or "help" => Overview,
            "server" => Server,
            "client" => Client,
            "get" => Get,
            "put" => Put,
            "mirror" => Mirror,
            "trust" => Trust,
            "hosts" => Hosts,
            "uploads" => Uploads,
            _ => throw CommandLine.CreateUsageError($"no help on '{topic}'", SpellingSuggestion.FindNearest(topic, [.. SubcommandNames, "hosts", "uploads"]), "fts help [server|client|get|put|mirror|trust|hosts|uploads]"),
        });
        Terminal.Plain.Flush();
        return ExitCode.Success;
    }

    /// <summary>Prints name and version.</summary>
    public static ExitCode PrintVersion()
    {
        string version = typeof(HelpCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        Terminal.Plain.WriteData($"fts {version.Split('+')[0]}");
        Terminal.Plain.Flush();
        return ExitCode.Success;
    }
}
