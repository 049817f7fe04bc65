using Fts.Serving.Configuration;

namespace Fts.Cli;

/// <summary>An error for the user. The message, the reply and the advice are printed on separate lines.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Message">What failed, with the path or host.</param>
/// <param name="ServerReply">The code and text of the reply; null if there is no reply.</param>
/// <param name="Advice">The next step, such as a command or an option; printed after "try: ". Null for none.</param>
internal sealed record UserError(ExitCode ExitCode, string Message, string? ServerReply = null, string? Advice = null);

/// <summary>Ends a command with an error that is ready to print.</summary>
internal sealed class UserErrorException(UserError error) : Exception(error.Message)
{
    public UserErrorException(ExitCode exitCode, string message, string? advice = null)
        : this(new UserError(exitCode, message, null, advice)) { }

    /// <summary>The error to print.</summary>
    public UserError Error { get; } = error;

    /// <summary>The settings of the server that the error concerns. Empty if they are not determined.</summary>
    public IReadOnlyList<SettingMention> Mentions { get; init; } = [];
}
