namespace Fts.Storage;

/// <summary>Why a store refused. The list is closed: whoever speaks to users maps each member once.</summary>
public enum StoreError
{
    /// <summary>No such file or folder.</summary>
    NotFound,
    /// <summary>The operating system or the store forbids it, or the path would leave the store.</summary>
    Denied,
    /// <summary>Something of that name is there already.</summary>
    Exists,
    /// <summary>The folder is not empty.</summary>
    NotEmpty,
    /// <summary>A file was needed and this is none (a folder, a device).</summary>
    NotAFile,
    /// <summary>A folder was needed and this is none.</summary>
    NotADirectory,
    /// <summary>No space left.</summary>
    NoSpace,
    /// <summary>A quota is used up.</summary>
    QuotaExceeded,
    /// <summary>In use by another; the same call may work later.</summary>
    Busy,
    /// <summary>The name is too long, or one the store keeps for itself.</summary>
    BadName,
    /// <summary>An offset past the end of the file.</summary>
    BadOffset,
    /// <summary>The store cannot do this now: an I/O error, too many open files.</summary>
    Unavailable,
    /// <summary>The store never does this.</summary>
    NotSupported,
}

/// <summary>The only exception a store throws, besides misuse and cancellation.</summary>
public sealed class StoreException : IOException
{
    /// <summary>An unspecified failure.</summary>
    public StoreException() : this(StoreError.Unavailable, "The store cannot do this now.") { }

    /// <summary>An unspecified failure with its message, for the log.</summary>
    public StoreException(string message) : this(StoreError.Unavailable, message) { }

    /// <summary>An unspecified failure with its message and cause, for the log.</summary>
    public StoreException(string message, Exception innerException) : this(StoreError.Unavailable, message, innerException) { }

    /// <summary>A failure: its kind for programs, its message for the log. The message may hold real paths and never goes to a peer.</summary>
    public StoreException(StoreError error, string message, Exception? innerException = null) : base(message, innerException) => Error = error;

    /// <summary>Why.</summary>
    public StoreError Error { get; }
}
