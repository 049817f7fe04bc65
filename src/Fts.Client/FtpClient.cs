using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// A client of one server, safe to use from many threads at once: it is the pool of its connections, opened when needed, up to
/// <see cref="FtpClientOptions.MaxConnections"/>.
/// </summary>
/// <remarks>
/// Paths go to the server as given: one that starts with a slash is the same everywhere; any other counts from the folder the account starts in,
/// for the client never changes folder. Every operation ends in its result or an <see cref="FtpException"/>; a cancelled one in
/// <see cref="OperationCanceledException"/>; trouble with a local file in the exception of the file system.
/// </remarks>
public sealed class FtpClient : IAsyncDisposable
{
    /// <summary>A client; nothing is sent before the first operation.</summary>
    /// <exception cref="ArgumentException">An option that cannot work.</exception>
    public FtpClient(FtpClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options.Validate();
    }

    /// <summary>The options it was made with.</summary>
    public FtpClientOptions Options { get; }

    /// <summary>What the server can do.</summary>
    /// <exception cref="InvalidOperationException">No connection was opened yet.</exception>
    public FtpServerFeatures Features => throw new NotImplementedException();

    /// <summary>The server's greeting.</summary>
    /// <exception cref="InvalidOperationException">No connection was opened yet.</exception>
    public Reply Greeting => throw new NotImplementedException();

    /// <summary>Opens the first connection and signs in, so that errors come now and not with the first operation.</summary>
    public Task ConnectAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// Lists a folder: MLSD where the server has it, else LIST. Entries come as they arrive; the folder itself and its parent are left out.
    /// A listing that fails throws at its end at the latest, and never looks empty. An enumeration that is left early is aborted.
    /// </summary>
    /// <param name="path">The folder; empty for the one the account starts in.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="FtpListingException">A line that no known format explains.</exception>
    public IAsyncEnumerable<FtpEntry> ListAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>What stands at a path: MLST where the server has it, else SIZE and MDTM, else the listing of its folder. Null when nothing does.</summary>
    public Task<FtpEntry?> FindAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>A file's size in bytes; null when there is no such file or the server does not tell.</summary>
    public Task<long?> GetSizeAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>When a file last changed, UTC; null when there is no such file or the server does not tell.</summary>
    public Task<DateTime?> GetModifiedAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Sets when a file last changed (MFMT). False when the server does not offer it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="utc">The time, UTC; sent to the second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<bool> SetModifiedAsync(string path, DateTime utc, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Sends a local file. The file is opened before anything is sent; when it cannot be read to its end, the transfer is aborted.</summary>
    /// <exception cref="IOException">The local file is missing, a folder, or cannot be read.</exception>
    /// <exception cref="FtpIntegrityException">The local file's size changed while it was sent.</exception>
    public Task<FtpTransferResult> UploadFileAsync(
        string localPath, string remotePath, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Sends a stream, from where it stands to its end. The stream stays open. When reading it fails, the transfer is aborted and that error thrown.</summary>
    public Task<FtpTransferResult> UploadAsync(
        Stream source, string remotePath, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>
    /// Fetches a file into a hidden file beside <paramref name="localPath"/>, which gets its name when everything arrived and the server confirmed it.
    /// On failure the hidden file is removed and what stood at <paramref name="localPath"/> before still stands there.
    /// </summary>
    /// <exception cref="IOException">The local file cannot be written.</exception>
    /// <exception cref="FtpIntegrityException">Fewer or more bytes came than the file has.</exception>
    public Task<FtpTransferResult> DownloadFileAsync(
        string remotePath, string localPath, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Fetches a file into a stream, which stays open. On failure the stream holds what came before it.</summary>
    /// <exception cref="FtpIntegrityException">Fewer or more bytes came than the file has.</exception>
    public Task<FtpTransferResult> DownloadAsync(
        string remotePath, Stream target, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>
    /// Opens a file for reading from an offset in bytes. The read that finds the end also reads the server's confirmation and throws when there is none.
    /// The stream holds a connection until it is disposed; disposed before its end, it gives that connection up.
    /// </summary>
    public Task<Stream> OpenReadAsync(string path, long offset = 0, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Renames or moves a file or folder (RNFR, RNTO).</summary>
    /// <param name="source">What to rename.</param>
    /// <param name="target">Its new path.</param>
    /// <param name="overwrite">When false, the target is looked for first, for many servers replace it silently.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FtpTargetExistsException">The target exists and is not to be replaced.</exception>
    public Task RenameAsync(string source, string target, bool overwrite = false, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Deletes a file (DELE).</summary>
    public Task DeleteFileAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Deletes an empty folder (RMD).</summary>
    public Task DeleteFolderAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Makes a folder (MKD); its parent must exist.</summary>
    public Task CreateFolderAsync(string path, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The folder the account starts in (PWD): what paths without a leading slash count from.</summary>
    public Task<string> GetWorkingFolderAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>
    /// Sends a command that moves no data and changes no state of the connection (HELP, STAT, SITE, NOOP, HASH…) and returns the reply, refusal or not.
    /// </summary>
    /// <exception cref="ArgumentException">A verb that would change what the next user of the connection finds, or a line end in the argument.</exception>
    public Task<Reply> SendAsync(string verb, string? argument = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Says QUIT on idle connections and closes all.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
