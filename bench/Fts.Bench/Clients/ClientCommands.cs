using System.Globalization;
using System.Text;
using Fts.Bench.Load;
using Fts.Bench.Servers;

namespace Fts.Bench.Clients;

/// <summary>The command lines with which each client does the same work.</summary>
/// <param name="Server">The server to connect to.</param>
/// <param name="Host">The address of the server.</param>
/// <param name="Program">The path of our program, or null.</param>
/// <param name="Home">The home directory of the clients, in which a password file may be created.</param>
internal sealed record ClientCommands(ServerProcess Server, string Host, string? Program, string Home)
{
    public static IReadOnlyList<string> Names => [Options.Ours, "curl", "lftp", "tnftp", "ncftp", "wget"];

    private string Port => Server.Port.ToString(CultureInfo.InvariantCulture);

    private (string User, string Password) Account => Server.Account;

    /// <summary>The URL without the account, because our client rejects a password in a URL.</summary>
    private string Address => $"ftp://{Host}:{Port}/";

    private string Url => $"ftp://{Uri.EscapeDataString(Account.User)}:{Uri.EscapeDataString(Account.Password)}@{Host}:{Port}/";

    /// <summary>Downloads one file into the current directory, under its own name.</summary>
    public ClientRun Get(string client, string file) => client switch
    {
        Options.Ours => Ours("get", Address + file),
        "curl" => new("curl", ["-s", "-S", .. CurlTls, "-O", Url + file]),
        "lftp" => Lftp($"get {file}"),
        "tnftp" when !Server.OverTls => new("tnftp", ["-V", "-o", file, Url + file]),
        "ncftp" when !Server.OverTls => new("ncftpget", ["-V", "-u", Account.User, "-p", Account.Password, "-P", Port, Host, ".", file]),
        "wget" when Server.OverTls =>
            new("wget", ["-q", "--no-check-certificate", Url.Replace("ftp:", "ftps:", StringComparison.Ordinal) + file]),
        "wget" => new("wget", ["-q", Url + file]),
        _ => throw new MeasurementException($"{client} does not support TLS"),
    };

    /// <summary>Downloads one file over several connections, if the client supports it.</summary>
    public ClientRun GetInSegments(string client, string file) =>
        client == "lftp" ? Lftp($"pget -n 4 {file}") : Get(client, file);

    /// <summary>Downloads one file over one connection.</summary>
    public ClientRun GetOverOneConnection(string client, string file) =>
        client == Options.Ours ? Ours("get", Address + file, "--segments", "1") : Get(client, file);

    /// <summary>
    /// Uploads one file into the directory <paramref name="remote"/>, over several connections if the client supports it.
    /// </summary>
    public ClientRun Put(string client, string local, string remote) => client switch
    {
        Options.Ours => Ours("put", local, Address + remote + "/"),
        "curl" => new("curl", ["-s", "-S", .. CurlTls, "-T", local, Url + remote + "/"]),
        "lftp" => Lftp($"put -O {remote} {local}"),
        "tnftp" => new("tnftp", ["-V", "-u", Url + remote + "/", local]),
        "ncftp" => new("ncftpput", ["-V", "-u", Account.User, "-p", Account.Password, "-P", Port, Host, remote, local]),
        _ => throw new MeasurementException($"{client} does not support uploads"),
    };

    /// <summary>Uploads one file over one connection.</summary>
    public ClientRun PutOverOneConnection(string client, string local, string remote) =>
        client == Options.Ours ? Ours("put", local, Address + remote + "/", "--segments", "1") : Put(client, local, remote);

    /// <summary>Downloads a directory tree into the current directory.</summary>
    public ClientRun GetTree(string client, FileTree tree) => client switch
    {
        Options.Ours => Ours("mirror", Address + tree.Name, "."),
        "curl" => new("curl",
        [
            "-s", "-S", "-Z", "--parallel-max", "8", "--create-dirs", .. CurlTls, "-o", "d#1/f#2",
            $"{Url}{tree.Name}/d[0-{tree.Directories - 1}]/f[00000-{tree.FilesPerDirectory - 1:00000}]",
        ]),
        "lftp" => Lftp($"mirror --parallel=8 {tree.Name} ."),
        _ => throw new MeasurementException($"{client} downloads one file at a time"),
    };

    /// <summary>Uploads the directory tree <paramref name="local"/> into the directory <paramref name="remote"/>.</summary>
    public ClientRun PutTree(string client, FileTree tree, string local, string remote) => client switch
    {
        Options.Ours => Ours("mirror", local, Address + remote),
        "curl" => new("curl",
        [
            "-s", "-S", "-Z", "--parallel-max", "8", "--ftp-create-dirs", .. CurlTls,
            .. Enumerable.Range(0, tree.Directories).SelectMany(number =>
                (string[])["-T", $"{local}/d{number}/f[00000-{tree.FilesPerDirectory - 1:00000}]", $"{Url}{remote}/d{number}/"]),
        ]),
        "lftp" => Lftp($"mirror -R --parallel=8 {local} {remote}"),
        _ => throw new MeasurementException($"{client} uploads one file at a time"),
    };

    private IEnumerable<string> CurlTls => Server.OverTls ? ["-k", "--ssl-reqd"] : [];

    private ClientRun Lftp(string command)
    {
        string tls = Server.OverTls
            ? "set ssl:verify-certificate no; set ftp:ssl-force yes; set ftp:ssl-protect-data yes"
            : "set ftp:ssl-allow no";
        // Without a limit, lftp would retry for minutes if the server has exited.
        return new("lftp", ["-c", $"{tls}; set net:max-retries 2; open -u {Account.User},{Account.Password} -p {Port} {Host}; {command}"]);
    }

    /// <summary>Returns the command line of our program, with the password in a file, as a script would pass it.</summary>
    private ClientRun Ours(params IEnumerable<string> command)
    {
        string password = Path.Combine(Home, "password");
        File.WriteAllText(password, Account.Password + "\n", Encoding.ASCII);
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] account = Account.User == "anonymous" ? [] : ["--user", Account.User, "--password-file", password];
        string program = Program ?? throw new MeasurementException("the path of our program is missing (--program)");
        return new(program, [.. command, "--tls", Server.OverTls ? "required" : "off", .. account]);
    }
}
