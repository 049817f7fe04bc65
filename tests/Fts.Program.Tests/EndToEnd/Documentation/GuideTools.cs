namespace Fts.ProgramTests.EndToEnd.Documentation;

/// <summary>The scripts for the commands of the documentation that a test may not run, because they change the system.</summary>
internal static class GuideTools
{
    /// <summary>Each command with its script.</summary>
    public static IReadOnlyDictionary<string, string> Scripts { get; } = new Dictionary<string, string>
    {
        // Runs the command of the installed unit, as systemd does, and waits until the server accepts connections.
        ["systemctl"] =
            """
            #!/bin/bash
            set -eu
            unit=$GUIDE_ROOT/etc/systemd/user/fts.service id=$GUIDE_ROOT/run/id journal=$GUIDE_ROOT/run/journal
            [ "$1" != --user ] || shift
            is_running() { [ -s "$id" ] && kill -0 "$(cat "$id")" 2>/dev/null; }
            start() {
              is_running && return
              eval "command=($(sed -n 's/^ExecStart=//p' "$unit"))"
              cd "$(sed -n 's/^WorkingDirectory=//p' "$unit")"
              : > "$journal"
              setsid "${command[@]}" </dev/null >"$journal" 2>&1 &
              echo $! > "$id"
              timeout 60 tail -s 0.1 -n +1 -f --pid=$! "$journal" | grep -q -m1 'stop      Ctrl-C' || { cat "$journal"; exit 1; }
            }
            stop() {
              is_running || return 0
              kill -TERM "$(cat "$id")"
              timeout 60 tail -s 0.1 --pid="$(cat "$id")" -f /dev/null
              rm "$id"
            }
            case "$*" in
              daemon-reload) ;;
              'enable --now fts.service' | 'start fts') start ;;
              'stop fts') stop ;;
              'restart fts') stop; start ;;
              'reload fts') kill -HUP "$(cat "$id")" ;;
              'status fts') is_running && cat "$journal" ;;
              *) echo "systemctl $*: unknown to the test"; exit 99 ;;
            esac
            """,

        // The test has no user fts.
        ["chown"] =
            """
            #!/bin/bash
            [ "$1" != -R ] || shift
            [ "$1" = fts: ] && shift && ls -d "$@" >/dev/null
            """,

        // Creates a certificate and runs the script that installs it, as certbot does for a new certificate.
        ["certbot"] =
            """
            #!/bin/bash
            set -eu
            [ "$*" = 'certonly --standalone --domain ftp.example.com' ] || exit 99
            live=$GUIDE_ROOT/etc/letsencrypt/live/ftp.example.com
            mkdir -p "$live"
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ftp.example.com \
              -keyout "$live/privkey.pem" -out "$live/fullchain.pem" 2>/dev/null
            "$GUIDE_ROOT/etc/letsencrypt/renewal-hooks/deploy/fts"
            """,

        // The test changes no firewall.
        ["ufw"] =
            """
            #!/bin/bash
            [[ "$*" =~ ^allow\ [0-9]+(:[0-9]+)?/tcp$ ]]
            """,
    };
}
