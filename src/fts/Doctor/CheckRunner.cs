using Fts.Cli;
using Fts.Client;

namespace Fts.Doctor;

/// <summary>
/// Runs one check after the other, each with its own deadline, so that a server that does not respond delays no later check.
/// </summary>
internal sealed class CheckRunner(DoctorSettings settings, DoctorReport report)
{
    /// <summary>The time in which a check closes its connections after a step has failed.</summary>
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(3);

    /// <summary>Runs a check and prints its result. Returns false if the check found a problem.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the run.</exception>
    public async Task<bool> RunAsync(string name, Func<CancellationToken, Task<CheckResult>> check, CancellationToken cancellationToken)
    {
        CheckResult result = await MeasureAsync(name, check, cancellationToken);
        report.Add(result);
        return result.Status != CheckStatus.Problem;
    }

    /// <summary>Runs a check and returns its result without printing it. Errors and the deadline become problems.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the run.</exception>
    public async Task<CheckResult> MeasureAsync(
        string name, Func<CancellationToken, Task<CheckResult>> check, CancellationToken cancellationToken)
    {
        report.ShowRunning(name);
        TimeSpan limit = (settings.Timeout * 2) + ClosingTime;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        try
        {
            // The wait has the deadline too, because a name lookup cannot always be cancelled.
            return await check(deadline.Token).WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return CheckResult.Problem(
                name, ExitCode.OtherError, $"no result within {limit.TotalSeconds:0.#} s",
                "--timeout SECONDS with a larger number, if the server is only slow");
        }
        catch (Exception e) when (e is FtpException or UserErrorException or IOException)
        {
            return CheckResult.Problem(name, ExceptionTranslator.Translate(e, name, settings.Target));
        }
    }
}
