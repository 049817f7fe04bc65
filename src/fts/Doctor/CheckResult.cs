using Fts.Cli;

namespace Fts.Doctor;

/// <summary>The verdict of a check.</summary>
internal enum CheckStatus
{
    /// <summary>The check found nothing to change.</summary>
    Ok,
    /// <summary>The server works with <c>fts</c>, but something is missing, slow or surprising.</summary>
    Note,
    /// <summary>Something does not work.</summary>
    Problem,
}

/// <summary>The result of one check.</summary>
/// <param name="Name">The name of the check, one word.</param>
/// <param name="Status">The verdict.</param>
/// <param name="Detail">What was measured, in one sentence without a full stop.</param>
/// <param name="Advice">The setting or command to use; null for none.</param>
/// <param name="ExitCode">The exit code of a problem. <see cref="ExitCode.Success"/> for other verdicts.</param>
internal sealed record CheckResult(
    string Name, CheckStatus Status, string Detail, string? Advice = null, ExitCode ExitCode = ExitCode.Success)
{
    /// <summary>Returns the result of a check that found nothing to change.</summary>
    public static CheckResult Ok(string name, string detail) => new(name, CheckStatus.Ok, detail);

    /// <summary>Returns the result of a check that found something to know.</summary>
    public static CheckResult Note(string name, string detail, string? advice = null) => new(name, CheckStatus.Note, detail, advice);

    /// <summary>Returns the result of a check that found a problem.</summary>
    public static CheckResult Problem(string name, ExitCode exitCode, string detail, string? advice = null) =>
        new(name, CheckStatus.Problem, detail, advice, exitCode);

    /// <summary>Returns the problem that an error of the program describes.</summary>
    public static CheckResult Problem(string name, UserError error) => Problem(
        name,
        error.ExitCode,
        error.ServerReply is null ? error.Message : $"{error.Message}; the server replied {error.ServerReply}",
        error.Advice);
}
