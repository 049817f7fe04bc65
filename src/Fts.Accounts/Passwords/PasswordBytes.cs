using System.Security.Cryptography;

namespace Fts.Accounts.Passwords;

/// <summary>The bytes of a password. <see cref="Dispose"/> overwrites them with zeros.</summary>
/// <remarks>
/// A client may send a password that is not UTF-8. The server represents such bytes as described at <see cref="EscapedUtf8"/>, and this
/// type restores them. Hashes from other programs therefore accept the same bytes as before.
/// </remarks>
internal readonly ref struct PasswordBytes(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Value => _buffer;

    /// <summary>
    /// Converts a password to bytes in a buffer of <see cref="PasswordHash.MaxPasswordBytes"/>. Returns false if the password is too long,
    /// or if no byte sequence corresponds to it.
    /// </summary>
    public static bool TryCreate(string password, Span<byte> buffer, out PasswordBytes bytes)
    {
        bytes = default;
        // A longer text cannot have fewer bytes than characters.
        if (password.Length > buffer.Length || !EscapedUtf8.IsCanonical(password) || EscapedUtf8.GetByteCount(password) > buffer.Length)
        {
            return false;
        }

        bytes = new PasswordBytes(buffer[..EscapedUtf8.GetBytes(password, buffer)]);
        return true;
    }

    /// <summary>Overwrites the bytes with zeros.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_buffer);
}
