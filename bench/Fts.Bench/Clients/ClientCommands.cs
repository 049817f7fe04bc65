using System.Globalization;
using System.Text;
using Fts.Bench.Load;
using Fts.Bench.Servers;

namespace Fts.Bench.Clients;

/// <summary>How each client is told to do the same thing.</summary>
/// <param name="Server">Where.</param>
/// <param name="Program">Our program.</param>
/// <param name="Home">The clients' home folder, where a password may lie.</param>
internal sealed record ClientCommands(ServerProcess Server, string? Program, string Home)
{
    public static IReadOnlyList<string> Names => [Options.Ours, "curl", "lftp", "tnftp", "ncftp", "wget"];

    private string Port => Server.Port.ToString(CultureInfo.InvariantCulture);

    private (string User, string Password) Account => Server.Account;

    /// <summary>Without an account: a password in a URL is refused by ours.</summary>
    private string Address => $"ftp://127.0.0.1:{Port}/";

    private string Url => $"ftp://{Uri.EscapeDataString(Account.User)}:{Uri.EscapeDataString(Account.Password)}@127.0.0.1:{Port}/";

    /// <summary>Fetches one file into the current folder, under its own name.</summary>
    public ClientRun Get(string client, string file) => client switch
    {
        Options.Ours => Ours("get", Address + file),
        "curl" => new("curl", ["-s", "-S", .. CurlTls, "-O", Url + file]),
        "lftp" => Lftp($"get {file}"),
        "tnftp" when !Server.OverTls => new("tnftp", ["-V", "-o", file, Url + file]),
        "ncftp" when !Server.OverTls => new("ncftpget", ["-V", "-u", Account.User, "-p", Account.Password, "-P", Port, "127.0.0.1", ".", file]),
        "wget" => new("wget", ["-q", .. Server.OverTls ? (string[])["--no-check-certificate", Url.Replace("ftp:", "ftps:", StringComparison.Ordinal) + file] : [Url + file]]),
        _ => throw new LoadException($"{client} knows no TLS"),
    };

    /// <summary>Fetches the whole tree into the current folder.</summary>
    public ClientRun GetTree(string client) => client switch
    {
        Options.Ours => Ours("mirror", Address + ServedFolder.Tree, "."),
        "curl" => new("curl", ["-s", "-S", "-Z", "--parallel-max", "8", "--create-dirs", .. CurlTls, "-o", "d#1/f#2", $"{Url}{ServedFolder.Tree}/d[0-{ServedFolder.TreeFolders - 1}]/f[00000-{ServedFolder.FilesPerTreeFolder - 1:00000}]"]),
        "lftp" => Lftp($"mirror --parallel=8 {ServedFolder.Tree} ."),
        _ => throw new LoadException($"{client} fetches one file at a time"),
    };

    /// <summary>Stores the tree that lies at <paramref name="local"/> into the folder <paramref name="remote"/>.</summary>
    public ClientRun PutTree(string client, string local, string remote) => client switch
    {
        Options.Ours => Ours("mirror", local, Address + remote),
        "curl" => new("curl", ["-s", "-S", "-Z", "--parallel-max", "8", "--ftp-create-dirs", .. CurlTls, .. Enumerable.Range(0, ServedFolder.TreeFolders).SelectMany(number =>
            (string[])["-T", $"{local}/d{number}/f[00000-{ServedFolder.FilesPerTreeFolder - 1:00000}]", $"{Url}{remote}/d{number}/"])]),
        "lftp" => Lftp($"mirror -R --parallel=8 {local} {remote}"),
        _ => throw new LoadException($"{client} stores one file at a time"),
    };

    private IEnumerable<string> CurlTls => Server.OverTls ? ["-k", "--ssl-reqd"] : [];

    private ClientRun Lftp(string command)
    {
        string tls = Server.OverTls ? "set ssl:verify-certificate no; set ftp:ssl-force yes; set ftp:ssl-protect-data yes" : "set ftp:ssl-allow no";
        // It would try for minutes to reach a server that is gone.
        return new("lftp", ["-c", $"{tls}; set net:max-retries 2; open -u {Account.User},{Account.Password} -p {Port} 127.0.0.1; {command}"]);
    }

    /// <summary>A server that wants a password is given it by a file, as a script would.</summary>
    private ClientRun Ours(params IEnumerable<string> command)
    {
        string password = Path.Combine(Home, "password");
        File.WriteAllText(password, Account.Password + "\n", Encoding.ASCII);
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] account = Account.User == "anonymous" ? [] : ["--user", Account.User, "--password-file", password];
        return new(Program ?? throw new LoadException("no program of ours was named (--program)"), [.. command, "--tls", Server.OverTls ? "required" : "off", .. account]);
    }
}
