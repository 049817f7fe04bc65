using System.Security.Cryptography;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Doctor.Checks;

/// <summary>
/// The checks of <c>--write</c>: uploads a probe file with a random name, measures with it, and removes it. The file is removed even if a
/// check fails or the user stops the run.
/// </summary>
/// <param name="session">Opens the connection.</param>
/// <param name="mode">The way to open data connections.</param>
/// <param name="runner">Runs and prints the checks.</param>
internal sealed class ProbeFileChecks(DoctorSession session, FtpDataMode mode, CheckRunner runner)
{
    /// <summary>The difference between the clocks that the network can cause.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(2);

    private static readonly DateTimeOffset TestTime = new(2001, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private readonly string _name = $".fts-doctor-{RandomNumberGenerator.GetHexString(12, lowercase: true)}.tmp";
    private FtpConnection? _connection;
    private DateTimeOffset _uploadStart, _uploadEnd;
    private long _length;
    private byte[] _hash = [];

    /// <summary>Runs the checks and removes the probe file.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await runner.RunAsync("upload", UploadAsync, cancellationToken))
            {
                await runner.RunAsync("download", DownloadAsync, cancellationToken);
                await runner.RunAsync("clock", CheckClockAsync, cancellationToken);
                await runner.RunAsync("hash-value", CheckHashAsync, cancellationToken);
            }
        }
        finally
        {
            if (_uploadStart != default)
            {
                // Not cancelled with the run: the probe file must not stay on the server.
                await runner.RunAsync("clean-up", RemoveAsync, CancellationToken.None);
            }

            if (_connection is not null)
            {
                await _connection.DisposeAsync();
            }
        }
    }

    private async Task<CheckResult> UploadAsync(CancellationToken cancellationToken)
    {
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _uploadStart = DateTimeOffset.UtcNow;
        DataTransfer transfer = await DataTransfer.SendAsync(connection, _name, sent => hash.AppendData(sent.Span), cancellationToken);
        (_uploadEnd, _length, _hash) = (DateTimeOffset.UtcNow, transfer.Length, hash.GetHashAndReset());
        return CheckResult.Ok("upload", Units.FormatRate(transfer.Length, transfer.Time));
    }

    private async Task<CheckResult> DownloadAsync(CancellationToken cancellationToken)
    {
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        DataTransfer transfer = await DataTransfer.ReceiveAsync(connection, "RETR", _name, cancellationToken);
        return transfer.Length < _length && transfer.Time < DataTransfer.MaxMeasuredTime
            ? CheckResult.Problem(
                "download", ExitCode.ContentMismatch, $"only {transfer.Length} of {_length} uploaded bytes came back",
                "check the disk and the log of the server")
            : CheckResult.Ok("download", Units.FormatRate(transfer.Length, transfer.Time));
    }

    /// <summary>Compares the time of the uploaded file with this machine's clock, and sets a time with MFMT.</summary>
    private async Task<CheckResult> CheckClockAsync(CancellationToken cancellationToken)
    {
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        FtpReply reply = await connection.SendAsync("MDTM", _name, cancellationToken);
        if (!reply.IsCompletion || !WireTimes.TryParse(reply.Text, out DateTimeOffset stored))
        {
            return CheckResult.Note("clock", "not measured: the server does not report times (MDTM)");
        }

        // The file was last modified between the start and the end of the upload. MDTM drops fractions of a second.
        TimeSpan difference = stored < _uploadStart ? stored - _uploadStart
            : stored > _uploadEnd ? stored - _uploadEnd
            : TimeSpan.Zero;
        if (difference.Duration() > ClockTolerance)
        {
            string direction = difference > TimeSpan.Zero ? "ahead of" : "behind";
            bool isTimeZone = WireTimes.RoundOffset(difference) != TimeSpan.Zero
                && (difference - WireTimes.RoundOffset(difference)).Duration() <= ClockTolerance;
            return CheckResult.Note(
                "clock", $"the server is {Units.FormatDifference(difference)} {direction} this machine",
                isTimeZone
                    ? "let the server report UTC (RFC 3659), for example use_localtime=NO (vsftpd)"
                    : "set the clocks with NTP on both machines");
        }

        if (session.Features.CanSetLastModified)
        {
            await connection.SendAsync("MFMT", $"{WireTimes.ToArgument(TestTime)} {_name}", cancellationToken);
            reply = await connection.SendAsync("MDTM", _name, cancellationToken);
            if (!reply.IsCompletion || !WireTimes.TryParse(reply.Text, out stored) || stored != TestTime)
            {
                return CheckResult.Note("clock", "the clocks agree, but MFMT does not set the time of a file");
            }
        }

        return CheckResult.Ok("clock", "the clocks of the server and this machine agree");
    }

    /// <summary>Compares the server's hash of the probe file with the hash of the sent bytes.</summary>
    private async Task<CheckResult> CheckHashAsync(CancellationToken cancellationToken)
    {
        string? algorithms = session.Features.GetParameters("HASH");
        if (algorithms?.Contains("SHA-256", StringComparison.OrdinalIgnoreCase) != true)
        {
            return CheckResult.Note("hash-value", "not checked: the server does not compute SHA-256 with HASH");
        }

        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        await connection.SendAsync("OPTS", "HASH SHA-256", cancellationToken);
        FtpReply reply = await connection.SendAsync("HASH", _name, cancellationToken);
        return reply.IsCompletion && reply.Text.Contains(Convert.ToHexString(_hash), StringComparison.OrdinalIgnoreCase)
            ? CheckResult.Ok("hash-value", "the server's SHA-256 of the probe file is right")
            : CheckResult.Problem(
                "hash-value", ExitCode.ContentMismatch,
                $"the server's SHA-256 of the probe file is wrong or missing: {(int)reply.Code} {reply.Text.ToPrintable()}",
                "check the disk of the server");
    }

    private async Task<CheckResult> RemoveAsync(CancellationToken cancellationToken)
    {
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        FtpReply reply = await connection.SendAsync("DELE", _name, cancellationToken);
        // After a refused upload there is no file to remove.
        return reply.IsCompletion || _length == 0
            ? CheckResult.Ok("clean-up", "the probe file is removed")
            : CheckResult.Problem(
                "clean-up", ExitCode.PermissionDenied,
                $"the probe file {_name} stays on the server: {(int)reply.Code} {ExceptionTranslator.GetLastLine(reply)}",
                $"remove it by hand: rm {_name}");
    }

    private async Task<FtpConnection> GetConnectionAsync(CancellationToken cancellationToken)
    {
        if (_connection is { IsUsable: false } lost)
        {
            _connection = null;
            await lost.DisposeAsync();
        }

        return _connection ??= await session.OpenAsync(mode, trace: null, cancellationToken);
    }
}
