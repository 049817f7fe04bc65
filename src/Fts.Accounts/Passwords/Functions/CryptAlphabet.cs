using System.Buffers;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>The Base64 variant of crypt(3): the alphabet <c>./0-9A-Za-z</c>, the lowest 6 bits first.</summary>
internal static class CryptAlphabet
{
    private static readonly SearchValues<char> s_digits =
        SearchValues.Create("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static ReadOnlySpan<byte> Digits => "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8;

    /// <summary>Returns whether text has only characters of the alphabet.</summary>
    public static bool IsValid(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(s_digits);

    /// <summary>Writes 24 bits as 4 characters, or their low bits as fewer characters.</summary>
    /// <param name="text">Receives the characters.</param>
    /// <param name="high">The bits 16 to 23.</param>
    /// <param name="middle">The bits 8 to 15.</param>
    /// <param name="low">The bits 0 to 7.</param>
    /// <param name="count">The number of characters.</param>
    /// <returns>The part of <paramref name="text"/> after the written characters.</returns>
    public static Span<byte> Write(Span<byte> text, byte high, byte middle, byte low, int count = 4)
    {
        int bits = (high << 16) | (middle << 8) | low;
        for (int i = 0; i < count; i++)
        {
            text[i] = Digits[bits & 0x3F];
            bits >>= 6;
        }

        return text[count..];
    }
}
