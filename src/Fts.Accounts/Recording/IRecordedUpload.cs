using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>An open upload whose commit is recorded. The writer of a store with records implements it.</summary>
public interface IRecordedUpload
{
    /// <summary>The verdict for the event, set before the commit. Null if no verdict exists.</summary>
    string? Verdict { get; set; }

    /// <summary>
    /// Reserves the quota for a file and an announced size before its bytes are received. Without this call, the first block of bytes
    /// reserves the file.
    /// </summary>
    /// <param name="length">The size of the complete file in bytes, as far as it is known.</param>
    /// <exception cref="StoreException">The quota would be exceeded (<see cref="StoreError.QuotaExceeded"/>).</exception>
    void Reserve(long length);

    /// <summary>
    /// Declares that the commit also deletes the files whose bytes the upload contains. Their sizes do not count twice in the meantime.
    /// </summary>
    /// <param name="parts">The files.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreException">The metadata of a file cannot be read.</exception>
    /// <remarks>If the process is killed after the file is published, the next start deletes the remaining parts.</remarks>
    ValueTask SetPartsAsync(IReadOnlyList<StorePath> parts, CancellationToken cancellationToken);
}
