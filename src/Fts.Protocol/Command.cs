using System.Buffers;
using System.Text;

namespace Fts.Protocol;

/// <summary>One command line: a verb in upper case and the rest of the line after one space, exactly as sent.</summary>
internal readonly record struct Command(string Verb, string Argument)
{
    private const int MaxVerbLength = 16;

    /// <summary>RFC 959 §5.3 knows letters only; XSHA256 and its kind end in digits.</summary>
    private static readonly SearchValues<byte> VerbBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    /// <summary>
    /// Reads a line without its line end. Returns false if it does not begin with a verb of ASCII letters, or letters and digits.
    /// Bytes that are not UTF-8 are escaped (<see cref="EscapedUtf8"/>), because names may contain them. Bytes of
    /// Telnet commands (240 to 255) before the verb are skipped: the Telnet Synch that clients send before ABOR arrives in pieces, with and without its
    /// urgent byte.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out Command command)
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
        command = new Command(new string(upper[..length]), space < 0 ? "" : EscapedUtf8.GetString(line[(space + 1)..]));
        return true;
    }

    /// <summary>The line for logs: a password or account never shows, control characters neither.</summary>
    public string Redacted =>
        Verb is "PASS" or "ACCT" && Argument.Length > 0 ? $"{Verb} ****"
        : Verb == "SITE" && SecretSiteCommand is { } name ? $"SITE {name} ****"
        : ToString().ToPrintable();

    /// <summary>The subcommand of SITE, if it sets a password.</summary>
    private string? SecretSiteCommand
    {
        get
        {
            ReadOnlySpan<char> argument = Argument.AsSpan().TrimStart();
            int end = argument.IndexOf(' ');
            ReadOnlySpan<char> name = end < 0 ? argument : argument[..end];
            bool isSecret = end >= 0 && (name.Equals("PSWD", StringComparison.OrdinalIgnoreCase) || name.Equals("PASSWD", StringComparison.OrdinalIgnoreCase)
                || name.Equals("CPWD", StringComparison.OrdinalIgnoreCase) || name.Equals("GPASS", StringComparison.OrdinalIgnoreCase));
            return isSecret ? name.ToString().ToUpperInvariant() : null;
        }
    }

    /// <summary>The line as it goes over the wire, without the line end.</summary>
    public override string ToString() => Argument.Length == 0 ? Verb : $"{Verb} {Argument}";
}
