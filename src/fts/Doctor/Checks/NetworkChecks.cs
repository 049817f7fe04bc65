using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Fts.Cli;

namespace Fts.Doctor.Checks;

/// <summary>The outcome of an attempt to open a TCP connection.</summary>
internal enum TcpOutcome
{
    /// <summary>The connection was opened.</summary>
    Open,
    /// <summary>The machine responded, but no program listens on the port.</summary>
    Refused,
    /// <summary>Nothing responded. A firewall usually discards the packets, or the machine is off.</summary>
    NoResponse,
    /// <summary>There is no route to the machine or its network.</summary>
    Unreachable,
}

/// <summary>Checks the name, the addresses and the port of the server.</summary>
internal sealed class NetworkChecks(DoctorSettings settings)
{
    private IPAddress[] _addresses = [];

    /// <summary>The port that accepts connections, after <see cref="ConnectAsync"/>.</summary>
    public int Port { get; private set; } = settings.Target.Port;

    /// <summary>Resolves the name of the server.</summary>
    public async Task<CheckResult> ResolveAsync(CancellationToken cancellationToken)
    {
        string host = settings.Target.Host;
        if (IPAddress.TryParse(host, out IPAddress? literal))
        {
            _addresses = [literal];
            return CheckResult.Ok("name", $"{host} is an address; no lookup needed");
        }

        try
        {
            long start = Stopwatch.GetTimestamp();
            _addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
            string time = Units.FormatTime(Stopwatch.GetElapsedTime(start));
            return CheckResult.Ok("name", $"{host} is {string.Join(", ", _addresses.Select(address => address.ToString()))} ({time})");
        }
        catch (SocketException)
        {
            return CheckResult.Problem(
                "name", ExitCode.CannotConnect, $"{host} has no address: no such host, or the name server does not respond",
                "another spelling, or the IP address of the server");
        }
    }

    /// <summary>Connects to each address. Without a port in the command, tries the common ports.</summary>
    public async Task<CheckResult> ConnectAsync(CancellationToken cancellationToken)
    {
        int[] ports = settings.HasPort ? [settings.Target.Port] : [.. DoctorSettings.CommonPorts];
        (IPAddress Address, int Port)[] attempts = [.. ports.SelectMany(port => _addresses.Select(address => (address, port)))];
        (TcpOutcome Outcome, TimeSpan Time)[] results = await Task.WhenAll(attempts.Select(
            attempt => TryConnectAsync(attempt.Address, attempt.Port, settings.Timeout, cancellationToken)));
        int[] open = [.. ports.Where(port => Has(port, TcpOutcome.Open))];
        if (open.Length == 0)
        {
            return await DescribeFailureAsync(ports, [.. results.Select(result => result.Outcome)], cancellationToken);
        }

        Port = open[0];
        TimeSpan time = results.Where((result, i) => attempts[i].Port == Port && result.Outcome == TcpOutcome.Open).Min(x => x.Time);
        (IPAddress Address, TcpOutcome Outcome)[] failed =
        [
            .. attempts.Zip(results, (attempt, result) => (attempt.Address, attempt.Port, result.Outcome))
                .Where(each => each.Port == Port && each.Outcome != TcpOutcome.Open).Select(each => (each.Address, each.Outcome)),
        ];
        string others = open.Length > 1 ? $"; {Units.JoinPorts(open[1..])} too" : "";
        string detail = $"port {Port} accepts connections ({Units.FormatTime(time)}){others}";
        if (failed.Length == 0)
        {
            return CheckResult.Ok("port", detail);
        }

        string list = string.Join(", ", failed.Select(each => $"{each.Address} {DescribeShortly(each.Outcome)}"));
        return CheckResult.Note(
            "port", $"{detail}, but {list}", "remove the address from the name's DNS records, or let the server listen on it");

        bool Has(int port, TcpOutcome outcome) => results.Where((_, i) => attempts[i].Port == port).Any(x => x.Outcome == outcome);
    }

    /// <summary>Tries to open a TCP connection and closes it.</summary>
    public static async Task<(TcpOutcome Outcome, TimeSpan Time)> TryConnectAsync(
        IPAddress address, int port, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        long start = Stopwatch.GetTimestamp();
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), deadline.Token);
            return (TcpOutcome.Open, Stopwatch.GetElapsedTime(start));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (TcpOutcome.NoResponse, limit);
        }
        catch (SocketException e)
        {
            return (Classify(e.SocketErrorCode), Stopwatch.GetElapsedTime(start));
        }
    }

    /// <summary>Returns the outcome that a socket error means.</summary>
    public static TcpOutcome Classify(SocketError error) => error switch
    {
        SocketError.ConnectionRefused or SocketError.ConnectionReset => TcpOutcome.Refused,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.AddressFamilyNotSupported
            or SocketError.AddressNotAvailable => TcpOutcome.Unreachable,
        _ => TcpOutcome.NoResponse,
    };

    private static string DescribeShortly(TcpOutcome outcome) => outcome switch
    {
        TcpOutcome.Refused => "refuses them",
        TcpOutcome.Unreachable => "cannot be reached",
        _ => "does not respond",
    };

    /// <summary>Describes why no port accepts connections. Tries the common ports if the user named another.</summary>
    private async Task<CheckResult> DescribeFailureAsync(int[] ports, TcpOutcome[] outcomes, CancellationToken cancellationToken)
    {
        bool isRefused = outcomes.Contains(TcpOutcome.Refused);
        string verb = ports.Length > 1 ? "" : "s";
        string subject = Units.JoinPorts(ports);
        if (!isRefused && outcomes.All(outcome => outcome == TcpOutcome.Unreachable))
        {
            return CheckResult.Problem(
                "port", ExitCode.CannotConnect, $"there is no route to {settings.Target.Host}", "the network settings of this machine");
        }

        string detail = isRefused
            ? $"{subject} refuse{verb} connections: the machine responds, but no program listens there"
            : $"{subject} do{(ports.Length > 1 ? "" : "es")} not respond: a firewall discards the packets, or the machine is off";
        string advice = isRefused
            ? "start the server, or name its port: fts doctor HOST:PORT"
            : $"open the port in the firewalls between this machine and {settings.Target.Host}";
        if (settings.HasPort)
        {
            int[] others = [.. DoctorSettings.CommonPorts.Except(ports)];
            (TcpOutcome Outcome, TimeSpan Time)[] results = await Task.WhenAll(others.Select(
                port => TryConnectAsync(_addresses[0], port, settings.Timeout / 2, cancellationToken)));
            int[] open = [.. others.Where((_, i) => results[i].Outcome == TcpOutcome.Open)];
            if (open.Length > 0)
            {
                advice = $"fts doctor {settings.Target with { Port = open[0] }}, because {Units.JoinPorts([open[0]])} accepts connections";
            }
        }

        return CheckResult.Problem("port", ExitCode.CannotConnect, detail, advice);
    }
}
