namespace Fts.Accounts.Passwords.Functions;

/// <summary>Base64 in hash texts: with or without padding, and with <c>.</c> instead of <c>+</c> as in passlib.</summary>
internal static class Base64Text
{
    /// <summary>Returns the text of bytes without padding, as in the PHC string format.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Returns the bytes of a text, or null if it is not Base64.</summary>
    public static byte[]? Decode(string text)
    {
        int length = text.TrimEnd('=').Length;
        // Convert skips white space, which is not valid here.
        if (text.Length - length > 2 || text.AsSpan(0, length).ContainsAny(" \t\r\n"))
        {
            return null;
        }

        string padded = text[..length].Replace('.', '+').PadRight((length + 3) / 4 * 4, '=');
        byte[] bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out int written) ? bytes[..written] : null;
    }

    /// <summary>
    /// Returns the bytes of a text, or null if it is not exactly the text that <see cref="Encode"/> returns for the bytes.
    /// </summary>
    public static byte[]? DecodeCanonical(string text) => Decode(text) is { } bytes && Encode(bytes) == text ? bytes : null;
}
