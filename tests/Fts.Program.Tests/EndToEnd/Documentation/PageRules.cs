namespace Fts.ProgramTests.EndToEnd.Documentation;

/// <summary>What a test does differently from the commands of a page. Each replacement and each failure must be used.</summary>
/// <remarks>
/// <see cref="GuideMachine"/> also moves the directories of the system into a directory of the test, and <see cref="GuideTools"/> has
/// the scripts that replace systemctl, chown, certbot and ufw.
/// </remarks>
/// <param name="Preparations">Commands that create what the page expects.</param>
/// <param name="Replacements">
/// Replaced texts of commands, as patterns. <c>{port}</c> and <c>{metrics}</c> are free ports.
/// </param>
/// <param name="Failures">The commands whose object does not exist in the test, with their exit codes.</param>
internal sealed record PageRules(
    IReadOnlyList<string> Preparations,
    IReadOnlyList<(string Pattern, string Replacement, string Reason)> Replacements,
    IReadOnlyList<(string Command, int ExitCode, string Reason)> Failures)
{
    /// <summary>The rules of <c>docs/administration.md</c>.</summary>
    public static PageRules Administration { get; } = new(
        [],
        [
            (@"""port"": 21,", @"""port"": {port},", "the test may use free ports only"),
            (@"""ip"": ""0\.0\.0\.0""", @"""ip"": ""127.0.0.1""", "the test may use the loopback address only"),
            ("9121", "{metrics}", "the test may use free ports only"),
            (@"ftp://ann@ftp\.example\.com/", "ftp://ann@127.0.0.1:{port}/", "the server runs on this machine"),
            ("^fts service install --folder /srv/ftp$", "fts service install --user --port {port} --folder /srv/ftp",
                "the service of the system writes to the real /etc"),
            ("^fts service install$", "fts service install --user", "the service of the system writes to the real /etc"),
            ("^fts user add bob --home /srv/ftp/bob ", "fts user add bob --home /srv/ftp/bob --generate ",
                "a typed password needs a terminal"),
            ("^fts server ", "fts config check ", "the server would not end"),
        ],
        [
            ("fts kick 17 --reason 'Maintenance.'", 6, "no session has the number 17"),
            ("fts events show 4711", 6, "no event has the number 4711"),
            ("fts events replay --since 2h --target webhook", 6, "the server of the page has no web hook"),
            ("fts events replay --id 1234", 6, "no event has the number 1234"),
            ("fts events skip --target program --before 7d", 6, "the server of the page has no program for events"),
        ]);

    /// <summary>The rules of <c>docs/server.md</c>.</summary>
    public static PageRules Server { get; } = new(
        [
            "mkdir -p ~/share /srv/files /srv/pub /etc/fts",
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test -keyout key.pem -out ours.pem",
            "cat key.pem ours.pem | tee pub.pem > ann.pem",
        ],
        [
            ("^fts server ", "fts config check ", "the server would not end"),
            ("^fts service install --dry-run ", "fts service install --dry-run --config /etc/fts/fts.json ",
                "the service of the system reads the real /etc"),
            ("^sudo fts service install --folder", "fts service install --dry-run --config /etc/fts/fts.json --folder",
                "the service of the system writes to the real /etc"),
            ("^fts service install --user ", "fts service install --user --dry-run --config ~/fts.json ",
                "the file of the page has another folder, and its port may be in use"),
            ("^sudo fts service uninstall$", "fts service uninstall --dry-run", "the service of the system is not installed"),
            (@"files\.example\.com 65432", "127.0.0.1 {port}", "the test may use the loopback address only"),
        ],
        [
            ("fts client files.example.com", 3, "no server runs"),
        ]);

    /// <summary>The rules of <c>docs/client.md</c>.</summary>
    public static PageRules Client { get; } = new(
        [
            "mkdir -p ~/photos ~/www/cache /srv/ftp/pub/docs /srv/ftp/photos /srv/ftp/in",
            "touch ~/report.pdf ~/report.csv ~/www/index.html ~/www/cache/x /srv/ftp/reply.csv /srv/ftp/in/old.tmp /srv/ftp/photos/one.jpg",
            "touch /srv/ftp/pub/report.pdf /srv/ftp/pub/list.txt /srv/ftp/pub/docs/a.txt /srv/ftp/pub/docs/b.bin; echo ls > commands.txt",
        ],
        [
            (@"ftp://(ann@)?(192\.168\.1\.5:2121|files\.example\.com)/", "ftp://127.0.0.1:{port}/", "the server runs on this machine"),
            ("^fts doctor .*$", "fts doctor 127.0.0.1:{port}", "the server runs on this machine"),
            ("^fts client  ", "fts client 127.0.0.1 {port}  ", "the test may use free ports only"),
            (@"^fts client 192\.168\.1\.5 2121 --user fts", "fts client 127.0.0.1 {port}", "the server runs on this machine"),
            (@"127\.0\.0\.1 65432", "127.0.0.1 {port}", "the test may use free ports only"),
            ("^fts get (.*)/report.pdf( +#| --record)", "rm report.pdf; fts get $1/report.pdf$2", "the file exists already"),
        ],
        []);
}
