namespace Fts.Accounts.Passwords.Functions;

/// <summary>A password function with the salt, the cost and the expected result of one hash. Immutable and thread-safe.</summary>
internal interface IPasswordFunction
{
    /// <summary>The kind of the hash.</summary>
    PasswordHashKind Kind { get; }

    /// <summary>The memory in bytes that one verification allocates, or 0 if it is negligible.</summary>
    long RequiredMemory => 0;

    /// <summary>
    /// Returns whether a password results in the expected hash. Compares the hashes in constant time.
    /// </summary>
    /// <param name="password">At most <see cref="PasswordHash.MaxPasswordBytes"/> bytes.</param>
    bool Verify(ReadOnlySpan<byte> password);
}
