using Fts.Protocol;

namespace Fts.Client;

/// <summary>Checks what a caller gives as a command before anything is sent.</summary>
internal static class CommandCheck
{
    /// <summary>Creates a command. A line end in its argument would be a second command to the server.</summary>
    /// <exception cref="ArgumentException">
    /// The verb is not made of ASCII letters and digits, or the argument holds a line end or NUL.
    /// </exception>
    public static Command Create(string verb, string? argument)
    {
        ArgumentException.ThrowIfNullOrEmpty(verb);
        // Digits are in XSHA256 and its kind.
        if (!verb.All(char.IsAsciiLetterOrDigit))
        {
            throw new ArgumentException("A verb may contain only ASCII letters and digits.", nameof(verb));
        }

        return argument is null || argument.AsSpan().IndexOfAny('\r', '\n', '\0') < 0
            ? new Command(verb.ToUpperInvariant(), argument ?? "")
            : throw new ArgumentException("An argument must not contain a line end or NUL.", nameof(argument));
    }
}
