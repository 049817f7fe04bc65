using System.Globalization;

namespace Fts.Bench.Servers;

/// <summary>Our server with default settings, except for the address, the served directory and its accounts.</summary>
/// <param name="program">The path of our program.</param>
/// <param name="address">The address to listen on.</param>
/// <param name="directory">The served directory.</param>
/// <param name="certificate">The certificate for TLS.</param>
/// <param name="state">The path that the state directories begin with.</param>
internal sealed class OurServer(string program, string address, string directory, Certificate certificate, string state)
{
    private bool _hasAccounts;

    /// <summary>Starts the server with one of the names in <see cref="Options.OurServers"/>.</summary>
    public ServerProcess Start(string name, bool overTls)
    {
        int port = ServerProcess.FreePort();
        string file = Path.GetFullPath(program);
        string[] identity = overTls ? ["--cert", certificate.File, "--key", certificate.KeyFile] : [];
        string[] arguments = ["server", address, port.ToString(CultureInfo.InvariantCulture), "0", "--quiet", .. identity];
        if (name is Options.OursWithAccounts or Options.OursBehindProxy)
        {
            string[] proxy = name == Options.OursBehindProxy ? ["--proxy-protocol-from", "127.0.0.1"] : [];
            IEnumerable<string> users = Enumerable.Range(0, BenchAccounts.Connecting).Select(BenchAccounts.GetName);
            return new ServerProcess(
                name, file, [.. arguments, .. proxy, "--state", CreateAccounts(file)], port,
                [.. users.Select(user => (user, BenchAccounts.Password))], directory, expectsProxyHeader: proxy.Length > 0)
            {
                OverTls = overTls,
            };
        }

        string[] events = name == Options.OursWithEvents ? ["--events", "--state", state] : [];
        return new ServerProcess(
            name, file, [.. arguments, "--anonymous", "write", .. events], port, ("anonymous", "bench@"), directory)
        {
            OverTls = overTls,
        };
    }

    /// <summary>Returns the state directory with the accounts, which the first call creates.</summary>
    private string CreateAccounts(string file)
    {
        string accounts = state + "-accounts";
        if (!_hasAccounts)
        {
            Directory.CreateDirectory(accounts);
            BenchAccounts.Create(file, accounts, directory);
            _hasAccounts = true;
        }

        return accounts;
    }
}
