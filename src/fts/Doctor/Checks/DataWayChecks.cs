using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Doctor.Checks;

/// <summary>
/// Checks the ways to open a data connection: EPSV, PASV and active mode. Each lists the folder over a control connection of its own.
/// </summary>
internal sealed class DataWayChecks(DoctorSession session)
{
    private const string ServerAddressAdvice =
        "set the public address on the server: --passive-address (fts), pasv_address (vsftpd), MasqueradeAddress (ProFTPD), -P (Pure-FTPd)";

    private const string BlockedPortsAdvice =
        "open the passive ports of the server in its firewall and router: --passive-ports (fts), pasv_min_port (vsftpd), " +
        "PassivePorts (ProFTPD), -p (Pure-FTPd)";

    /// <summary>The first way that works; null if none does.</summary>
    public FtpDataMode? WorkingMode { get; private set; }

    private DoctorSettings Settings => session.Settings;

    /// <summary>
    /// Tries the ways. A failed passive way is a note if the other passive way works. A failed active way is a note if a passive way works,
    /// because firewalls and NAT on the side of the client usually prevent active mode.
    /// </summary>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(CheckRunner runner, CancellationToken cancellationToken)
    {
        bool isIPv6 = IPAddress.TryParse(Settings.Options.Host, out IPAddress? address)
            && address.AddressFamily == AddressFamily.InterNetworkV6;
        var results = new List<CheckResult> { await MeasureAsync("epsv", FtpDataMode.EpsvOnly) };
        if (isIPv6)
        {
            results.Add(CheckResult.Note("pasv", "not checked, because PASV is for IPv4 only"));
        }
        else
        {
            results.Add(await MeasureAsync("pasv", FtpDataMode.PasvOnly));
        }

        bool hasPassive = WorkingMode is not null;
        if (Settings.Options.Proxy is null)
        {
            results.Add(await MeasureAsync("active", FtpDataMode.Active));
        }

        return hasPassive
            ? [.. results.Select(result => result.Status == CheckStatus.Problem
                ? result with { Status = CheckStatus.Note, ExitCode = ExitCode.Success }
                : result)]
            : results;

        async Task<CheckResult> MeasureAsync(string name, FtpDataMode mode)
        {
            CheckResult result = await runner.MeasureAsync(name, cancel => CheckAsync(name, mode, cancel), cancellationToken);
            WorkingMode ??= result.Status == CheckStatus.Problem ? null : mode;
            return result;
        }
    }

    private async Task<CheckResult> CheckAsync(string name, FtpDataMode mode, CancellationToken cancellationToken)
    {
        PassiveEndPoint? passive = null;
        await using FtpConnection connection = await session.OpenAsync(mode, ReadPassiveReply, cancellationToken);
        try
        {
            DataTransfer transfer = await DataTransfer.ReceiveAsync(connection, "LIST", null, cancellationToken);
            string detail = passive is { } used
                ? $"opened port {used.Port}; {transfer.Length} bytes of listing in {Units.FormatTime(transfer.Time)}"
                : $"the server connected to this machine; {transfer.Length} bytes of listing in {Units.FormatTime(transfer.Time)}";
            return await FindWrongAddressAsync(passive, cancellationToken) is { } wrong
                ? CheckResult.Note(
                    name, $"{detail}, but the server reports the address {wrong}, which other clients use and fts ignores",
                    ServerAddressAdvice)
                : CheckResult.Ok(name, detail);
        }
        catch (FtpTlsException e)
        {
            return CheckResult.Problem(name, ExceptionTranslator.Translate(e, name, Settings.Target));
        }
        catch (FtpConnectionException e) when (e.Phase == FtpOperationPhase.OpenData)
        {
            return mode == FtpDataMode.Active
                ? DescribeActiveFailure(name, e)
                : await DescribePassiveFailureAsync(name, e, passive, cancellationToken);
        }
        catch (FtpReplyException e)
        {
            return DescribeNegativeReply(name, mode, e);
        }

        void ReadPassiveReply(FtpTrace line)
        {
            if (!line.IsSent && (line.Line.StartsWith("227 ", StringComparison.Ordinal)
                || line.Line.StartsWith("229 ", StringComparison.Ordinal)))
            {
                var code = (FtpReplyCode)int.Parse(line.Line.AsSpan(0, 3), CultureInfo.InvariantCulture);
                passive = PassiveReply.TryRead(new FtpReply(code, line.Line[4..]), out PassiveEndPoint read) ? read : passive;
            }
        }
    }

    /// <summary>Returns the address of a passive reply if it is not an address of the server; otherwise null.</summary>
    private async Task<IPAddress?> FindWrongAddressAsync(PassiveEndPoint? passive, CancellationToken cancellationToken)
    {
        if (passive?.Address is not { } reported || Settings.Options.Proxy is not null)
        {
            return null;
        }

        IPAddress[] addresses = IPAddress.TryParse(Settings.Options.Host, out IPAddress? literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(Settings.Options.Host, cancellationToken);
        return addresses.Contains(reported) ? null : reported;
    }

    /// <summary>Tells blocked, refused and wrongly addressed passive ports apart.</summary>
    private async Task<CheckResult> DescribePassiveFailureAsync(
        string name, FtpConnectionException failure, PassiveEndPoint? passive, CancellationToken cancellationToken)
    {
        string port = passive is { } used ? $"port {used.Port}" : "the passive port";
        IPAddress? wrong = await FindWrongAddressAsync(passive, cancellationToken);
        if (wrong is not null && passive is { } end)
        {
            (TcpOutcome outcome, _) = await NetworkChecks.TryConnectAsync(wrong, end.Port, Settings.Timeout / 2, cancellationToken);
            if (outcome == TcpOutcome.Open)
            {
                return CheckResult.Problem(
                    name, ExitCode.TransferFailed, $"{port} opens at {wrong}, which the server reports, but not at {Settings.Target.Host}",
                    "--passive-address server");
            }
        }

        string address = wrong is null ? "" : $"; the server also reports the wrong address {wrong}";
        var socketError = failure.InnerException as SocketException;
        return failure is FtpTimeoutException || socketError is null
            || NetworkChecks.Classify(socketError.SocketErrorCode) == TcpOutcome.NoResponse
            ? CheckResult.Problem(
                name, ExitCode.TransferFailed, $"{port} does not respond: a firewall blocks the passive ports{address}", BlockedPortsAdvice)
            : CheckResult.Problem(
                name, ExitCode.TransferFailed,
                $"{port} refuses the connection: a firewall or router does not forward the passive ports{address}",
                wrong is null ? BlockedPortsAdvice : $"{BlockedPortsAdvice}; {ServerAddressAdvice}");
    }

    private static CheckResult DescribeActiveFailure(string name, FtpConnectionException failure) => CheckResult.Problem(
        name, ExitCode.TransferFailed,
        failure is FtpTimeoutException
            ? "the server did not connect to this machine: a firewall or NAT on this side discards the connection"
            : $"the server did not connect to this machine: {failure.Message}",
        "--passive, which is the usual way");

    private static CheckResult DescribeNegativeReply(string name, FtpDataMode mode, FtpReplyException e)
    {
        string reply = $"{(int)e.Reply.Code} {ExceptionTranslator.GetLastLine(e.Reply)}";
        string verb = e.Command.Split(' ')[0];
        if (e.Reply.Code == FtpReplyCode.CannotOpenDataConnection)
        {
            return CheckResult.Problem(
                name, ExitCode.TransferFailed, $"the server cannot open the data connection: {reply}",
                mode == FtpDataMode.Active
                    ? "--passive: a firewall or NAT prevents connections to this machine"
                    : BlockedPortsAdvice);
        }

        return CheckResult.Problem(
            name, ExitCode.TransferFailed, $"the server rejects {verb}: {reply}",
            verb is "EPSV" or "PASV" or "PORT" or "EPRT" ? $"enable {verb} on the server, or use another way" : null);
    }
}
