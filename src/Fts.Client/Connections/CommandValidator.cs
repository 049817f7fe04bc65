using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>Checks the verb and argument of a caller's command before anything is sent.</summary>
internal static class CommandValidator
{
    /// <summary>Creates a command. The server would read a line end in the argument as the start of a second command.</summary>
    /// <exception cref="ArgumentException">
    /// The verb contains other characters than ASCII letters and digits, or the argument contains a line end or NUL.
    /// </exception>
    public static FtpCommand CreateCommand(string verb, string? argument)
    {
        ArgumentException.ThrowIfNullOrEmpty(verb);
        // Verbs such as XSHA256 contain digits.
        if (!verb.All(char.IsAsciiLetterOrDigit))
        {
            throw new ArgumentException("A verb may contain only ASCII letters and digits.", nameof(verb));
        }

        return argument is null || argument.AsSpan().IndexOfAny('\r', '\n', '\0') < 0
            ? new FtpCommand(verb.ToUpperInvariant(), argument ?? "")
            : throw new ArgumentException("An argument must not contain a line end or NUL.", nameof(argument));
    }
}
