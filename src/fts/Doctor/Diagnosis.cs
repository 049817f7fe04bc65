using Fts.Cli;
using Fts.Doctor.Checks;

namespace Fts.Doctor;

/// <summary>Runs the checks in order. A check that fails ends the run if the later checks depend on it.</summary>
internal sealed class Diagnosis(DoctorSettings settings, DoctorReport report)
{
    private readonly CheckRunner _runner = new(settings, report);

    /// <summary>Runs the checks. Returns the reason why some did not run, or null if all ran.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the run.</exception>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        if (await FindServerAsync(cancellationToken) is not { } found)
        {
            return "the other checks need a connection";
        }

        var encryption = new EncryptionChecks(found);
        await _runner.RunAsync("tls", encryption.CheckVersionsAsync, cancellationToken);
        if (encryption.Identity is { } identity)
        {
            await _runner.RunAsync("certificate", _ => Task.FromResult(CertificateCheck.Check(found, identity)), cancellationToken);
        }

        if (report.ExitCode != ExitCode.Success)
        {
            return "the other checks need a trusted connection";
        }

        await using var session = new DoctorSession(found with { Options = encryption.SelectMode(found.Options) });
        if (!await _runner.RunAsync("login", session.LogInAsync, cancellationToken))
        {
            return "the other checks need a login";
        }

        if (found.Target.UrlPath is not null && !await _runner.RunAsync("path", session.FindPathAsync, cancellationToken))
        {
            return "the other checks need the path";
        }

        await CheckCommandsAsync(session, cancellationToken);
        await session.CloseAsync();
        return await CheckDataAsync(session, cancellationToken);
    }

    /// <summary>Finds the address and port, and reads the greeting. Returns null if the server cannot be used.</summary>
    private async Task<DoctorSettings?> FindServerAsync(CancellationToken cancellationToken)
    {
        DoctorSettings found = settings;
        if (settings.Options.Proxy is { } proxy)
        {
            report.Add(CheckResult.Note("proxy", $"all connections use {proxy}, which also resolves the name", "--proxy off"));
        }
        else
        {
            var network = new NetworkChecks(settings);
            if (!await _runner.RunAsync("name", network.ResolveAsync, cancellationToken)
                || !await _runner.RunAsync("port", network.ConnectAsync, cancellationToken))
            {
                return null;
            }

            found = settings.WithPort(network.Port);
        }

        return await _runner.RunAsync("greeting", new GreetingCheck(found).CheckAsync, cancellationToken) ? found : null;
    }

    /// <summary>Checks what the server supports, over the control connection of the session.</summary>
    private async Task CheckCommandsAsync(DoctorSession session, CancellationToken cancellationToken)
    {
        var features = new FeatureChecks(session);
        await _runner.RunAsync("round-trip", features.MeasureRoundTripAsync, cancellationToken);
        await _runner.RunAsync("utf-8", features.CheckUtf8Async, cancellationToken);
        await _runner.RunAsync("resume", features.CheckRestartAsync, cancellationToken);
        await _runner.RunAsync("hash", _ => Task.FromResult(features.CheckHash()), cancellationToken);
        await _runner.RunAsync("set-time", _ => Task.FromResult(features.CheckSetTime()), cancellationToken);
        await _runner.RunAsync("join", _ => Task.FromResult(features.CheckJoin()), cancellationToken);
        await _runner.RunAsync("compression", features.CheckCompressionAsync, cancellationToken);
    }

    /// <summary>Checks everything that needs data connections. Returns the reason why some checks did not run, or null.</summary>
    private async Task<string?> CheckDataAsync(DoctorSession session, CancellationToken cancellationToken)
    {
        var ways = new DataWayChecks(session);
        foreach (CheckResult result in await ways.RunAsync(_runner, cancellationToken))
        {
            report.Add(result);
        }

        if (ways.WorkingMode is not { } mode)
        {
            return "the other checks need a data connection";
        }

        var data = new DataChecks(session, mode);
        if (session.IsEncrypted)
        {
            await _runner.RunAsync("resumption", data.CheckResumptionAsync, cancellationToken);
        }

        await _runner.RunAsync("listing", data.CheckListingAsync, cancellationToken);
        await _runner.RunAsync("mlsd", data.CheckMachineListingAsync, cancellationToken);
        if (!settings.CanWrite)
        {
            await _runner.RunAsync("clock", data.CompareTimesAsync, cancellationToken);
        }

        if (session.FilePath is not null)
        {
            await _runner.RunAsync("download", data.MeasureDownloadAsync, cancellationToken);
        }

        if (settings.CanWrite)
        {
            await new ProbeFileChecks(session, mode, _runner).RunAsync(cancellationToken);
        }

        await data.CloseAsync();
        await _runner.RunAsync("connections", new ConnectionLimitCheck(session).CheckAsync, cancellationToken);
        return null;
    }
}
