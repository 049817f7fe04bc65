namespace Fts.Cli;

/// <summary>One failure as it is shown: at most three lines.</summary>
/// <param name="ExitCode">What a script sees of it.</param>
/// <param name="Message">What failed, with the path or host.</param>
/// <param name="ServerReply">The server's code and words, where there are any.</param>
/// <param name="Advice">What to try next: an exact flag or command.</param>
internal sealed record UserError(ExitCode ExitCode, string Message, string? ServerReply = null, string? Advice = null);

/// <summary>Ends a command with a failure that is already in its words.</summary>
internal sealed class UserErrorException(UserError error) : Exception(error.Message)
{
    public UserErrorException(ExitCode exitCode, string message, string? advice = null) : this(new UserError(exitCode, message, null, advice)) { }

    public UserError Error { get; } = error;
}
