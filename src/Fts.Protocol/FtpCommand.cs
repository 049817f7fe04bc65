using System.Buffers;
using System.Text;

namespace Fts.Protocol;

/// <summary>One FTP command (RFC 959 §5.3): a verb and its argument.</summary>
/// <param name="Verb">The verb in upper case: ASCII letters, or letters and digits, as in XSHA256.</param>
/// <param name="Argument">The rest of the line after one space, unchanged. Empty if the command has no argument.</param>
public readonly record struct FtpCommand(string Verb, string Argument)
{
    private const int MaxVerbLength = 16;

    /// <summary>RFC 959 §5.3 allows letters only, but verbs such as XSHA256 contain digits.</summary>
    private static readonly SearchValues<byte> VerbBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    /// <summary>Returns the command as text for logs: without passwords and accounts, and with control characters escaped.</summary>
    public string Redacted =>
        Verb is "PASS" or "ACCT" && Argument.Length > 0 ? $"{Verb} ****"
        : Verb == "SITE" && SecretSiteCommand is { } name ? $"SITE {name} ****"
        : ToString().ToPrintable();

    /// <summary>The subcommand of SITE in upper case if it sets a password, and otherwise null.</summary>
    private string? SecretSiteCommand
    {
        get
        {
            ReadOnlySpan<char> argument = Argument.AsSpan().TrimStart();
            int end = argument.IndexOf(' ');
            ReadOnlySpan<char> name = end < 0 ? argument : argument[..end];
            bool isSecret = end >= 0 &&
                (name.Equals("PSWD", StringComparison.OrdinalIgnoreCase) || name.Equals("PASSWD", StringComparison.OrdinalIgnoreCase) ||
                name.Equals("CPWD", StringComparison.OrdinalIgnoreCase) || name.Equals("GPASS", StringComparison.OrdinalIgnoreCase));
            return isSecret ? name.ToString().ToUpperInvariant() : null;
        }
    }

    /// <summary>
    /// Parses a command line. Returns false if it does not start with a verb of at most 16 ASCII letters and digits, the first a letter.
    /// </summary>
    /// <remarks>
    /// Bytes of the argument that are not UTF-8 are escaped (<see cref="EscapedUtf8"/>), because file names may contain them. Telnet
    /// commands (bytes 240 to 255) before the verb are skipped. Clients send a Telnet Synch before ABOR, and it arrives with or without its
    /// urgent byte.
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
