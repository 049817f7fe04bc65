namespace Fts.Cli;

/// <summary>One failure as it is shown: at most three lines.</summary>
/// <param name="Code">What a script sees of it.</param>
/// <param name="What">What failed, with the path or host.</param>
/// <param name="ServerSaid">The server's code and words, where there are any.</param>
/// <param name="Next">What to try next: an exact flag or command.</param>
internal sealed record Failure(ExitCode Code, string What, string? ServerSaid = null, string? Next = null);

/// <summary>Ends a command with a failure that is already in its words.</summary>
internal sealed class FailureException(Failure failure) : Exception(failure.What)
{
    public FailureException(ExitCode code, string what, string? next = null) : this(new Failure(code, what, null, next)) { }

    public Failure Failure { get; } = failure;
}
