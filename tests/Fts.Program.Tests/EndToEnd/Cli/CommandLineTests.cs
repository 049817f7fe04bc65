using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of the command line: each error is one line on standard error that names its cause.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("server 1.2.3", "1.2.3")]
    [InlineData("server 999.0.0.1", "999.0.0.1")]
    [InlineData("server 127.0.0.1 70000", "70000")]
    [InlineData("server 127.0.0.1 port", "port")]
    [InlineData("server 127.0.0.1 -5", "-5")]
    [InlineData("server 127.0.0.1 0 2", "'2'")]
    [InlineData("server 127.0.0.1 0 0 more", "unexpected argument 'more'")]
    [InlineData("server --fodler x", "did you mean --folder?")]
    [InlineData("server --folder", "--folder")]
    [InlineData("server --anonymous perhaps", "perhaps")]
    [InlineData("server --passive-ports", "--passive-ports needs a value")]
    [InlineData("server --passive-ports 80-90", "80-90")]
    [InlineData("server --passive-ports 50099-50000", "50099-50000")]
    [InlineData("server --passive-ports 50000-50009=60000", "the same number of ports")]
    [InlineData("server --passive-ports 50000-50009=65530-65539", "65530-65539")]
    [InlineData("server 127.0.0.1 50001 --passive-ports 50000-50009", "listens on 50001")]
    [InlineData("server --implicit-port 50001 --passive-ports 50000-50009", "listens on 50001")]
    [InlineData("server --data-timeout 30", "like 30s or 2m")]
    [InlineData("server --data-timeout 0s", "like 30s or 2m")]
    [InlineData("server --data-peers some", "use same, any, network/N")]
    [InlineData("server --data-peers network", "use same, any, network/N")]
    [InlineData("server --data-peers network/7", "8 to 32")]
    [InlineData("server --data-peers network/24,129", "32 to 128")]
    [InlineData("server --close-notify never", "--close-notify")]
    [InlineData("server --passive-address ::1", "'::1'")]
    [InlineData("server --passive-address 10.0.0.256", "'10.0.0.256'")]
    [InlineData("server --passive-address 10.0.0.0/33=203.0.113.5", "'10.0.0.0/33'")]
    [InlineData("server --passive-address 10.0.0.1/8=203.0.113.5", "'10.0.0.1/8'")]
    [InlineData("server --passive-address 203.0.113.5 --passive-address 203.0.113.6", "two addresses for all clients")]
    [InlineData("server --passive-address 10.0.0.0/8=a --passive-address 10.0.0.0/8=b", "10.0.0.0/8")]
    [InlineData("server --max-sessions 0", "--max-sessions 0: must be a whole number, 1 or more")]
    [InlineData("server --max-sessions-per-address many", "--max-sessions-per-address many: must be a whole number, 1 or more")]
    [InlineData("server --proxy-protocol-from balancer", "'balancer'")]
    [InlineData("server --proxy-protocol-from 10", "'10'")]
    [InlineData("server --proxy-protocol-from ::ffff:10.0.0.5", "'::ffff:10.0.0.5'")]
    [InlineData("server --proxy-protocol-from ::/0", "must not include all addresses")]
    [InlineData("server --host one", "NAME=FOLDER")]
    [InlineData("server --host =.", "NAME=FOLDER")]
    [InlineData("server --host 127.0.0.1=.", "is not a host name")]
    [InlineData("server --host a_b-=.", "is not a host name")]
    [InlineData("server --host one=. --host ONE=.", "twice")]
    [InlineData("server --host-cert one=x.pem", "--host one=FOLDER")]
    [InlineData("server --host one=. --host-key one=x.pem", "--host-cert one=FILE")]
    [InlineData("server --tls off --host one=. --host-cert one=x.pem", "--tls off")]
    [InlineData("server --tls off --client-ca x.pem", "--client-ca")]
    [InlineData("server --client-cert require", "--client-ca")]
    [InlineData("server --client-ca x.pem --client-cert perhaps", "perhaps")]
    [InlineData("client --key x.pem", "--cert")]
    [InlineData("client --tls off --cert x.pem", "--tls off")]
    [InlineData("client 127.0.0.999", "127.0.0.999")]
    [InlineData("client 65432", "65432")]
    [InlineData("client 127.0.0.1 0", "'0'")]
    [InlineData("client 127.0.0.1 99999", "99999")]
    [InlineData("client 127.0.0.1 65432 yes", "yes")]
    [InlineData("client --colour never", "--color")]
    [InlineData("client --color purple", "purple")]
    [InlineData("client --segments 17", "from 1 to 16")]
    [InlineData("client --encoding none", "unknown encoding; use, for example, utf-8")]
    [InlineData("client http://127.0.0.1", "ftp://")]
    [InlineData("clinet", "did you mean client?")]
    [InlineData("help clinet", "did you mean client?")]
    public async Task A_usage_error_is_one_line_and_exits_with_2(string arguments, string named)
    {
        (int code, string data, string messages) = await RunningProgram.RunAsync(_folder.Path, arguments.Split(' '));
        Assert.Equal(2, code);
        Assert.Empty(data);
        Assert.Contains(named, messages, StringComparison.Ordinal);
        Assert.Equal(1, messages.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_password_in_a_url_is_refused_and_not_repeated()
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "ftp://me:sesame@127.0.0.1/"]);
        Assert.Equal(2, code);
        Assert.DoesNotContain("sesame", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("help")]
    [InlineData("--help")]
    [InlineData("help server")]
    [InlineData("help hosts")]
    [InlineData("help uploads")]
    [InlineData("help client")]
    [InlineData("help get")]
    [InlineData("help put")]
    [InlineData("help mirror")]
    [InlineData("get --help")]
    [InlineData("server --help")]
    [InlineData("client -h")]
    [InlineData("trust --help")]
    public async Task Help_is_printed_to_standard_output(string arguments)
    {
        (int code, string data, string messages) =
            await RunningProgram.RunAsync(_folder.Path, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(0, code);
        Assert.Empty(messages);
        Assert.StartsWith("Usage: fts ", data, StringComparison.Ordinal);
        Assert.Contains("\nExamples:\n  fts ", data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client")]
    [InlineData("get")]
    public async Task Both_forms_of_help_print_the_same_page(string subcommand)
    {
        (_, string page, _) = await RunningProgram.RunAsync(_folder.Path, ["help", subcommand]);
        (_, string option, _) = await RunningProgram.RunAsync(_folder.Path, [subcommand, "--help"]);
        Assert.Equal(page, option);
    }

    [Fact]
    public async Task The_version_is_one_line()
    {
        (int code, string data, _) = await RunningProgram.RunAsync(_folder.Path, ["--version"]);
        Assert.Equal(0, code);
        Assert.Matches(@"^fts \d+\.\d+\.\d+\n$", data);
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_and_exits_with_3()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", port]);
        Assert.Equal(3, code);
        Assert.Contains($"127.0.0.1:{port}: the port is in use", messages, StringComparison.Ordinal);
        Assert.Equal(1, messages.Count(c => c == '\n'));
    }

    [Fact]
    public async Task An_address_of_another_machine_is_one_line_and_exits_with_3()
    {
        // 203.0.113.0/24 is reserved for documentation (RFC 5737).
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "203.0.113.9", "0"]);
        Assert.Equal(3, code);
        Assert.Contains("203.0.113.9 is not an address of this machine", messages, StringComparison.Ordinal);
        Assert.Equal(1, messages.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_client_without_a_server_reports_it_and_exits_with_3()
    {
        using var unused = new TcpListener(IPAddress.Loopback, 0);
        unused.Start();
        string port = ((IPEndPoint)unused.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        unused.Stop();
        (int code, string data, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", port], "ls\n");
        Assert.Equal(3, code);
        Assert.Empty(data);
        Assert.Equal($"error: cannot connect to 127.0.0.1:{port}: connection refused; is the server running?\n", messages);
    }

    [Fact]
    public async Task A_missing_folder_exits_with_11()
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", "--folder", "nowhere"]);
        Assert.Equal(11, code);
        Assert.Contains("nowhere: no such folder", messages, StringComparison.Ordinal);
    }
}
