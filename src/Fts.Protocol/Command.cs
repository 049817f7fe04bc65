using System.Text;

namespace Fts.Protocol;

/// <summary>One command line: a verb in upper case and the rest of the line after one space, exactly as sent.</summary>
internal readonly record struct Command(string Verb, string Argument)
{
    /// <summary>Refuses malformed UTF-8, which RFC 2640 §3.1 forbids on the wire, instead of inventing another name for it.</summary>
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a line without its line end. False when it is not UTF-8 or its verb is not made of ASCII letters.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out Command command)
    {
        command = default;
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> verb = space < 0 ? line : line[..space];
        if (verb.IsEmpty || verb.ContainsAnyExceptInRange((byte)'A', (byte)'z') || verb.ContainsAnyInRange((byte)'[', (byte)'`'))
        {
            return false;
        }

        try
        {
            command = new Command(Encoding.ASCII.GetString(verb).ToUpperInvariant(), space < 0 ? "" : StrictUtf8.GetString(line[(space + 1)..]));
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The line for logs: a password or account never shows, control characters neither.</summary>
    public string Redacted => Verb is "PASS" or "ACCT" && Argument.Length > 0 ? $"{Verb} ****" : ToString().Visible();

    /// <summary>The line as it goes over the wire, without the line end.</summary>
    public override string ToString() => Argument.Length == 0 ? Verb : $"{Verb} {Argument}";
}
