using System.Globalization;
using System.Text;

namespace Fts.Accounts.Events;

/// <summary>An event on a server. Immutable.</summary>
/// <remarks>
/// All text is well-formed. In paths and names from clients, bytes that are not UTF-8 and control characters are written as <c>\xNN</c>
/// (<see cref="EscapeText"/>).
/// </remarks>
/// <param name="Type">The type.</param>
/// <param name="Time">The time, UTC, in whole microseconds.</param>
public sealed record AccountEvent(EventType Type, DateTimeOffset Time)
{
    /// <summary>The source of an event that the server itself caused.</summary>
    public const string AutomaticSource = "automatic";

    /// <summary>The source of an event that an administrator caused.</summary>
    public const string AdministratorSource = "administrator";

    /// <summary>The name of the account, or the user name that a client sent. Null if the event concerns none.</summary>
    public string? Account { get; init; }

    /// <summary>The IP address of the client, or the banned address or network. Null if the event concerns none.</summary>
    public string? Address { get; init; }

    /// <summary>The number of the session, as in the log, or null if no session caused the event.</summary>
    public long? Session { get; init; }

    /// <summary>The virtual path of the account, or null.</summary>
    public string? Path { get; init; }

    /// <summary>The new virtual path of a renamed entry, or the target of a link. Otherwise null.</summary>
    public string? Target { get; init; }

    /// <summary>The number of transferred bytes, or the size of a deleted file. Null if the event concerns no bytes.</summary>
    public long? Bytes { get; init; }

    /// <summary>The verdict on an upload, such as <c>complete</c>. For a download <c>whole</c>, <c>part</c> or <c>aborted</c>.</summary>
    public string? Verdict { get; init; }

    /// <summary>
    /// The SHA-256 of the whole file as lower-case hexadecimal digits, or null if it is not known. It is known for downloads of a file
    /// whose hash a client requested before.
    /// </summary>
    public string? Sha256 { get; init; }

    /// <summary>The name of the rule that refused the client (<see cref="RuleNames"/>), or null.</summary>
    public string? Rule { get; init; }

    /// <summary>
    /// What caused a ban, its removal, or a change of an account: <see cref="AutomaticSource"/>, <see cref="AdministratorSource"/> or null.
    /// </summary>
    public string? Source { get; init; }

    /// <summary>The system user that acted as administrator, or null if unknown or if no administrator acted.</summary>
    public string? Actor { get; init; }

    /// <summary>Further facts as text, or null.</summary>
    public string? Detail { get; init; }

    /// <summary>Returns a time in whole microseconds, the precision of stored events.</summary>
    public static DateTimeOffset RoundTime(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    /// <summary>Returns a text in which control characters and lone surrogates are replaced by <c>\xNN</c>.</summary>
    public static string EscapeText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length);
        for (int at = 0; at < text.Length; at++)
        {
            char character = text[at];
            if (char.IsHighSurrogate(character) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                escaped.Append(character).Append(text[++at]);
            }
            else if (char.IsControl(character) || char.IsSurrogate(character))
            {
                escaped.Append("\\x").Append((character & 0xFF).ToString("X2", CultureInfo.InvariantCulture));
            }
            else
            {
                escaped.Append(character);
            }
        }

        return escaped.ToString();
    }
}
