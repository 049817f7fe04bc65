using System.Buffers;
using System.Text;

namespace Fts.Protocol;

/// <summary>One FTP command (RFC 959 §5.3): a verb and its argument.</summary>
/// <param name="Verb">The verb in upper case: ASCII letters and digits, such as STOR or XSHA256.</param>
/// <param name="Argument">The text after the first space of the line, unchanged. Empty if the command has no argument.</param>
public readonly record struct FtpCommand(string Verb, string Argument)
{
    private const int MaxVerbLength = 16;

    /// <summary>The bytes that a verb may contain. RFC 959 §5.3 allows letters only, but verbs such as XSHA256 contain digits.</summary>
    private static readonly SearchValues<byte> VerbBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    /// <summary>The command as text for logs. Passwords and the argument of ACCT are masked, and control characters are escaped.</summary>
    public string Redacted =>
        Verb is "PASS" or "ACCT" && Argument.Length > 0 ? $"{Verb} ****"
        : Verb == "SITE" && SiteCommandWithPassword is { } name ? $"SITE {name} ****"
        : ToString().ToPrintable();

    /// <summary>
    /// The first word of the argument in upper case if this word is a SITE command that takes a password, and otherwise null.
    /// </summary>
    private string? SiteCommandWithPassword
    {
        get
        {
            ReadOnlySpan<char> argument = Argument.AsSpan().TrimStart();
            int end = argument.IndexOf(' ');
            ReadOnlySpan<char> name = end < 0 ? argument : argument[..end];
            bool hasPassword = end >= 0 &&
                (name.Equals("PSWD", StringComparison.OrdinalIgnoreCase) || name.Equals("PASSWD", StringComparison.OrdinalIgnoreCase) ||
                name.Equals("CPWD", StringComparison.OrdinalIgnoreCase) || name.Equals("GPASS", StringComparison.OrdinalIgnoreCase));
            return hasPassword ? name.ToString().ToUpperInvariant() : null;
        }
    }

    /// <summary>
    /// Parses a command line. Returns false unless the line starts with a verb: a letter and up to 15 more ASCII letters or digits.
    /// </summary>
    /// <remarks>
    /// Bytes of the argument that are not UTF-8 are escaped (<see cref="EscapedUtf8"/>), because file names may contain them. Bytes from
    /// 240 to 255 before the verb are skipped, because clients send a Telnet Synch before ABOR. They are skipped one by one and not in
    /// pairs, because the byte of the Synch that is sent as urgent data may be missing.
    /// </remarks>
    /// <param name="line">The line without its line end.</param>
    /// <param name="command">The command, if the method returns true.</param>
    public static bool TryParse(ReadOnlySpan<byte> line, out FtpCommand command)
    {
        command = default;
        while (line is [>= TelnetBytes.FirstCommand, ..])
        {
            line = line[1..];
        }

        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> verb = space < 0 ? line : line[..space];
        if (verb.IsEmpty || verb.Length > MaxVerbLength || !char.IsAsciiLetter((char)verb[0]) || verb.ContainsAnyExcept(VerbBytes))
        {
            return false;
        }

        Span<char> upper = stackalloc char[MaxVerbLength];
        _ = Ascii.ToUpper(verb, upper, out int length);
        command = new FtpCommand(new string(upper[..length]), space < 0 ? "" : EscapedUtf8.GetString(line[(space + 1)..]));
        return true;
    }

    /// <summary>
    /// Returns the command line as sent, without its line end. It may contain a password: use <see cref="Redacted"/> for logs.
    /// </summary>
    public override string ToString() => Argument.Length == 0 ? Verb : $"{Verb} {Argument}";
}
