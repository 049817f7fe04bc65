using System.Globalization;
using System.Text;
using Fts.Bench.Load;
using Fts.Bench.Servers;

namespace Fts.Bench.Clients;

/// <summary>How each client is told to do the same thing.</summary>
/// <param name="Server">Which.</param>
/// <param name="Host">Where it is.</param>
/// <param name="Program">Our program.</param>
/// <param name="Home">The clients' home folder, where a password may lie.</param>
internal sealed record ClientCommands(ServerProcess Server, string Host, string? Program, string Home)
{
    public static IReadOnlyList<string> Names => [Options.Ours, "curl", "lftp", "tnftp", "ncftp", "wget"];

    private string Port => Server.Port.ToString(CultureInfo.InvariantCulture);

    private (string User, string Password) Account => Server.Account;

    /// <summary>Without an account: a password in a URL is refused by ours.</summary>
    private string Address => $"ftp://{Host}:{Port}/";

    private string Url => $"ftp://{Uri.EscapeDataString(Account.User)}:{Uri.EscapeDataString(Account.Password)}@{Host}:{Port}/";

    /// <summary>Fetches one file into the current folder, under its own name.</summary>
    public ClientRun Get(string client, string file) => client switch
    {
        Options.Ours => Ours("get", Address + file),
        "curl" => new("curl", ["-s", "-S", .. CurlTls, "-O", Url + file]),
        "lftp" => Lftp($"get {file}"),
        "tnftp" when !Server.OverTls => new("tnftp", ["-V", "-o", file, Url + file]),
        "ncftp" when !Server.OverTls => new("ncftpget", ["-V", "-u", Account.User, "-p", Account.Password, "-P", Port, Host, ".", file]),
        "wget" => new("wget", ["-q", .. Server.OverTls ? (string[])["--no-check-certificate", Url.Replace("ftp:", "ftps:", StringComparison.Ordinal) + file] : [Url + file]]),
        _ => throw new LoadException($"{client} knows no TLS"),
    };

    /// <summary>The same over several connections, by who can.</summary>
    public ClientRun GetInSegments(string client, string file) => client == "lftp" ? Lftp($"pget -n 4 {file}") : Get(client, file);

    /// <summary>The same over one connection.</summary>
    public ClientRun GetAtOnce(string client, string file) => client == Options.Ours ? Ours("get", Address + file, "--segments", "1") : Get(client, file);

    /// <summary>Stores one file into the folder <paramref name="remote"/>, over several connections by who can.</summary>
    public ClientRun Put(string client, string local, string remote) => client switch
    {
        Options.Ours => Ours("put", local, Address + remote + "/"),
        "curl" => new("curl", ["-s", "-S", .. CurlTls, "-T", local, Url + remote + "/"]),
        "lftp" => Lftp($"put -O {remote} {local}"),
        "tnftp" => new("tnftp", ["-V", "-u", Url + remote + "/", local]),
        "ncftp" => new("ncftpput", ["-V", "-u", Account.User, "-p", Account.Password, "-P", Port, Host, remote, local]),
        _ => throw new LoadException($"{client} stores nothing"),
    };

    /// <summary>The same over one connection.</summary>
    public ClientRun PutAtOnce(string client, string local, string remote) => client == Options.Ours ? Ours("put", local, Address + remote + "/", "--segments", "1") : Put(client, local, remote);

    /// <summary>Fetches a whole tree into the current folder.</summary>
    public ClientRun GetTree(string client, FileTree tree) => client switch
    {
        Options.Ours => Ours("mirror", Address + tree.Name, "."),
        "curl" => new("curl", ["-s", "-S", "-Z", "--parallel-max", "8", "--create-dirs", .. CurlTls, "-o", "d#1/f#2", $"{Url}{tree.Name}/d[0-{tree.Folders - 1}]/f[00000-{tree.FilesPerFolder - 1:00000}]"]),
        "lftp" => Lftp($"mirror --parallel=8 {tree.Name} ."),
        _ => throw new LoadException($"{client} fetches one file at a time"),
    };

    /// <summary>Stores the tree, which lies at <paramref name="local"/>, into the folder <paramref name="remote"/>.</summary>
    public ClientRun PutTree(string client, FileTree tree, string local, string remote) => client switch
    {
        Options.Ours => Ours("mirror", local, Address + remote),
        "curl" => new("curl", ["-s", "-S", "-Z", "--parallel-max", "8", "--ftp-create-dirs", .. CurlTls, .. Enumerable.Range(0, tree.Folders).SelectMany(number =>
            (string[])["-T", $"{local}/d{number}/f[00000-{tree.FilesPerFolder - 1:00000}]", $"{Url}{remote}/d{number}/"])]),
        "lftp" => Lftp($"mirror -R --parallel=8 {local} {remote}"),
        _ => throw new LoadException($"{client} stores one file at a time"),
    };

    private IEnumerable<string> CurlTls => Server.OverTls ? ["-k", "--ssl-reqd"] : [];

    private ClientRun Lftp(string command)
    {
        string tls = Server.OverTls ? "set ssl:verify-certificate no; set ftp:ssl-force yes; set ftp:ssl-protect-data yes" : "set ftp:ssl-allow no";
        // It would try for minutes to reach a server that is gone.
        return new("lftp", ["-c", $"{tls}; set net:max-retries 2; open -u {Account.User},{Account.Password} -p {Port} {Host}; {command}"]);
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
