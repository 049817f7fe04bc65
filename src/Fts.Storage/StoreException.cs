namespace Fts.Storage;

/// <summary>The reasons for which a store refuses an operation or fails.</summary>
public enum StoreError
{
    /// <summary>The file or directory does not exist.</summary>
    NotFound,
    /// <summary>The operating system or the store denies access, or a link in the path leads outside the store.</summary>
    Denied,
    /// <summary>An entry with this name already exists.</summary>
    Exists,
    /// <summary>The directory is not empty.</summary>
    NotEmpty,
    /// <summary>The operation needs a file, but the entry is of another kind, for example a directory or a device.</summary>
    NotAFile,
    /// <summary>The operation needs a directory, but the entry is of another kind.</summary>
    NotADirectory,
    /// <summary>No space is left, or a size limit of the file system would be exceeded.</summary>
    NoSpace,
    /// <summary>A disk quota is exceeded.</summary>
    QuotaExceeded,
    /// <summary>Another session or process uses the entry, or the store is overloaded. The same call may succeed later.</summary>
    Busy,
    /// <summary>The name is too long, reserved for staging files, or not supported by the file system.</summary>
    BadName,
    /// <summary>The offset is past the end of the file.</summary>
    BadOffset,
    /// <summary>The store failed, for example because of an I/O error or too many open files.</summary>
    Unavailable,
    /// <summary>The store does not support the operation.</summary>
    NotSupported,
}

/// <summary>
/// The exception that a store throws if it refuses an operation or fails. For misuse, a store throws <see cref="ArgumentException"/> or
/// <see cref="InvalidOperationException"/>. For a cancelled call, it throws <see cref="OperationCanceledException"/>.
/// </summary>
public sealed class StoreException : IOException
{
    /// <summary>Creates an exception for <see cref="StoreError.Unavailable"/>.</summary>
    public StoreException() : this(StoreError.Unavailable, "The store is not available.") { }

    /// <summary>Creates an exception for <see cref="StoreError.Unavailable"/> with a message for the log.</summary>
    public StoreException(string message) : this(StoreError.Unavailable, message) { }

    /// <summary>Creates an exception for <see cref="StoreError.Unavailable"/> with a message for the log and a cause.</summary>
    public StoreException(string message, Exception innerException) : this(StoreError.Unavailable, message, innerException) { }

    /// <summary>Creates an exception.</summary>
    /// <param name="error">The reason for which the operation was refused or failed.</param>
    /// <param name="message">The message for the log. It may contain real paths, and must not be sent to a peer.</param>
    /// <param name="innerException">The cause, or null.</param>
    public StoreException(StoreError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>The reason for which the operation was refused or failed.</summary>
    public StoreError Error { get; }

    /// <summary>
    /// The stable name of the rule that refused the operation, for example <c>permission.delete</c>. Null if no configured rule, but the
    /// store itself refused it.
    /// </summary>
    /// <remarks>Replies, logs and events contain the name.</remarks>
    public string? Rule { get; init; }

    /// <summary>
    /// A sentence that explains the refusal to the client, or null for the usual text of <see cref="Error"/>. The sentence contains no real
    /// paths.
    /// </summary>
    public string? Explanation { get; init; }
}
