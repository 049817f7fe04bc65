using System.Runtime.CompilerServices;
using System.Net.Security;
using System.Security.Authentication;
using Fts.Client.Batch;
using Fts.Client.Connections;
using Fts.Client.Downloads;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Sync;
using Fts.Client.Transfers;
using Fts.Client.Uploads;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>A client of one server, with a pool of up to <see cref="FtpClientOptions.MaxConnections"/> connections. Thread-safe.</summary>
/// <remarks>
/// <para>The client sends paths unchanged. A path that starts with a slash is absolute. Any other path is relative to the login directory,
/// or to the directory that <see cref="ChangeDirectoryAsync"/> entered.</para>
/// <para>A failed operation throws <see cref="FtpException"/>, or the exception of the file system if a local file caused the failure. A
/// cancelled operation throws <see cref="OperationCanceledException"/>. Every operation throws <see cref="ObjectDisposedException"/> after
/// disposal.</para>
/// </remarks>
public sealed class FtpClient : IAsyncDisposable
{
    private readonly ConnectionPool _pool;
    private readonly RunningOperations _operations;

    /// <summary>Creates a client without opening a connection. The first operation opens the first connection.</summary>
    /// <exception cref="ArgumentException">An option is invalid. The message contains its name.</exception>
    public FtpClient(FtpClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options.Validate();
        (_pool, _operations) = (new ConnectionPool(Options), new RunningOperations());
    }

    /// <summary>
    /// Creates a client for one operation. The new client shares the connections of <paramref name="client"/>, and keeps the working
    /// directory of <paramref name="pool"/>.
    /// </summary>
    private FtpClient(FtpClient client, ConnectionPool pool) => (Options, _pool, _operations) = (client.Options, pool, client._operations);

    /// <summary>The options of this client.</summary>
    public FtpClientOptions Options { get; }

    /// <summary>The features that the server listed on the most recently opened connection (FEAT, RFC 2389).</summary>
    /// <exception cref="InvalidOperationException">No connection has been opened yet.</exception>
    public FtpServerFeatures Features => _pool.Features ?? throw CreateNotConnectedException();

    /// <summary>The server's greeting on the most recently opened connection.</summary>
    /// <exception cref="InvalidOperationException">No connection has been opened yet.</exception>
    public FtpReply Greeting => _pool.Greeting ?? throw CreateNotConnectedException();

    /// <summary>
    /// The server's certificate and the result of its validation; null if the most recently opened connection is not encrypted.
    /// </summary>
    /// <exception cref="InvalidOperationException">No connection has been opened yet.</exception>
    public FtpServerIdentity? ServerIdentity =>
        _pool.Features is null ? throw CreateNotConnectedException() : _pool.ServerIdentity;

    /// <summary>
    /// The TLS version of the most recently opened connection; <see cref="SslProtocols.None"/> if that connection is not encrypted, or if
    /// no connection has been opened yet.
    /// </summary>
    public SslProtocols TlsVersion => _pool.TlsVersion;

    /// <summary>
    /// The TLS cipher suite of the control connection that was opened most recently; null if that connection is not encrypted, or if no
    /// connection has been opened yet.
    /// </summary>
    public TlsCipherSuite? CipherSuite => _pool.CipherSuite;

    /// <summary>
    /// Opens a connection and logs in, unless an idle connection exists. Calling this method is optional, because every operation opens
    /// connections as needed.
    /// </summary>
    public Task ConnectAsync(CancellationToken cancellationToken = default) =>
        RunAsync(static (_, _) => Task.FromResult(true), cancellationToken);

    /// <summary>
    /// Opens a connection and logs in, unless an idle connection exists. Also prepares a data connection, if the server is known to execute
    /// several commands of one packet. The next download of a file or listing then takes one round trip less, if it starts immediately.
    /// </summary>
    /// <inheritdoc cref="ConnectAsync(CancellationToken)" path="/exception"/>
    public Task ConnectForTransferAsync(CancellationToken cancellationToken = default)
    {
        ConnectionPool pool = _pool.CreateForOperation();
        return _operations.RunAsync(
            token => pool.RunAsync(static (_, _) => Task.FromResult(true), token, isTransferNext: true), cancellationToken);
    }

    /// <summary>
    /// Lists a directory. Returns entries as they arrive, without the directory itself and its parent. If the listing fails, the
    /// enumeration throws, possibly only after the last entry. Disposing the enumerator early aborts the listing.
    /// </summary>
    /// <remarks>
    /// <para>The client uses the first command that the server supports: MLSD, LIST with the option <c>-a</c>, LIST, or NLST. If LIST
    /// rejects or ignores paths, the client enters the directory with CWD and lists it there.</para>
    /// <para>A line in an unknown format becomes an entry of kind <see cref="Fts.Protocol.FtpEntryKind.Unknown"/>, with the line in
    /// <see cref="FtpEntry.RawLine"/>. In that case a file may exist although it is not listed, so do not treat missing files as
    /// deleted.</para>
    /// <para>If another call waits for a connection, the client reads the remaining entries into memory and releases the connection of the
    /// listing to that call.</para>
    /// </remarks>
    /// <param name="path">
    /// The directory; empty for the login directory, or the directory that <see cref="ChangeDirectoryAsync"/> entered.
    /// </param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <exception cref="FtpListingException">
    /// No line is in a known format, or the listing exceeds a limit of <see cref="FtpLimits"/>.
    /// </exception>
    public async IAsyncEnumerable<FtpEntry> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ConnectionPool pool = _pool.CreateForOperation(path);
        PooledListing listing = await PooledListing.OpenAsync(pool, _operations, path, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = listing.ConfigureAwait(false);
        while (await listing.ReadAsync().ConfigureAwait(false) is { } entry)
        {
            yield return entry;
        }
    }

    /// <summary>
    /// Returns the file or directory at a path, or null if the path does not exist. The client sends MLST if the server supports it.
    /// Otherwise, it sends SIZE and MDTM, and lists the parent directory if SIZE does not find a file.
    /// </summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply that does not indicate whether the path exists.</exception>
    /// <exception cref="FtpListingException">
    /// The listing of the parent directory contains a line in an unknown format that may describe the path.
    /// </exception>
    public Task<FtpEntry?> GetEntryAsync(string path, CancellationToken cancellationToken = default) =>
        RunAsync([path], (connection, token) => RemoteMetadata.GetEntryAsync(connection, RequirePath(path), token), cancellationToken);

    /// <summary>
    /// Returns whether a file or directory exists at a path. The client sends the same commands as <see cref="GetEntryAsync"/>.
    /// </summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply that does not indicate whether the path exists.</exception>
    /// <exception cref="FtpListingException">
    /// The listing of the parent directory contains a line in an unknown format that may describe the path.
    /// </exception>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken = default) =>
        await GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>
    /// Returns the size of a file in bytes (SIZE, RFC 3659 §4), or null if the file does not exist or the server does not report a size.
    /// </summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply that does not indicate whether the file exists.</exception>
    public Task<long?> GetSizeAsync(string path, CancellationToken cancellationToken = default) =>
        RunAsync([path], (connection, token) => RemoteMetadata.GetSizeAsync(connection, RequirePath(path), token), cancellationToken);

    /// <summary>
    /// Returns the last-modified time of a file (MDTM, RFC 3659 §3) in UTC. Returns null if the file does not exist or the server does not
    /// report a time.
    /// </summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply that does not indicate whether the file exists.</exception>
    public Task<DateTimeOffset?> GetLastModifiedAsync(string path, CancellationToken cancellationToken = default) =>
        RunAsync(
            [path], (connection, token) => RemoteMetadata.GetLastModifiedAsync(connection, RequirePath(path), token), cancellationToken);

    /// <summary>
    /// Sets the last-modified time of a file (MFMT) and returns true. If the server does not list MFMT, sends nothing and returns false.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="lastModified">The last-modified time. The client sends it in UTC, without fractions of a second.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="FtpReplyException">The server sent a negative reply, for example because the file does not exist.</exception>
    public Task<bool> SetLastModifiedAsync(string path, DateTimeOffset lastModified, CancellationToken cancellationToken = default)
    {
        return RunAsync([path], SetAsync, cancellationToken);

        async Task<bool> SetAsync(FtpConnection connection, CancellationToken token)
        {
            if (!connection.Features.CanSetLastModified)
            {
                return false;
            }

            string argument = $"{WireTime.Format(lastModified.UtcDateTime)} {RequirePath(path)}";
            FtpReply reply = await connection.SendAsync("MFMT", argument, token).ConfigureAwait(false);
            return RemoteMetadata.RequireCompletion(reply, "MFMT", argument).IsCompletion;
        }
    }

    /// <summary>Uploads a local file. If a read of the local file fails, the client aborts the transfer.</summary>
    /// <param name="localPath">The local file.</param>
    /// <param name="remotePath">The target on the server.</param>
    /// <param name="options">The options; null for <see cref="FtpTransferOptions.Default"/>.</param>
    /// <param name="progress">Receives the progress; null if not needed.</param>
    /// <param name="cancellationToken">Cancels the transfer.</param>
    /// <exception cref="IOException">The local file does not exist, is a directory, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user of this process may not read the local file.</exception>
    /// <exception cref="FtpIntegrityException">
    /// The local file changed during the transfer, the stored file has a different length or hash, or a required hash is not available.
    /// </exception>
    /// <exception cref="FtpTargetExistsException">
    /// The remote file exists, and <see cref="FtpTransferOptions.Overwrite"/> is false. Or the remote file cannot be resumed although the
    /// options require it (<see cref="FtpResume.PartialOrTarget"/>).
    /// </exception>
    public Task<FtpTransferResult> UploadFileAsync(
        string localPath,
        string remotePath,
        FtpTransferOptions? options = null,
        IProgress<FtpProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        RequirePath(localPath);
        Upload upload = CreateUpload(remotePath, options, progress);
        return _operations.RunAsync(token => upload.UploadFileAsync(localPath, token), cancellationToken);
    }

    /// <summary>
    /// Uploads a stream from its current position to its end, and leaves it open. If a read fails, the client aborts the transfer and
    /// throws the exception of the stream.
    /// </summary>
    /// <param name="source">The stream.</param>
    /// <param name="remotePath">The target on the server.</param>
    /// <param name="options">The options; null for <see cref="FtpTransferOptions.Default"/>.</param>
    /// <param name="progress">Receives the progress; null if not needed.</param>
    /// <param name="cancellationToken">Cancels the transfer.</param>
    /// <exception cref="FtpIntegrityException">The stored file has a different length.</exception>
    /// <exception cref="FtpTargetExistsException">The remote file exists, and the options do not allow replacing it.</exception>
    public Task<FtpTransferResult> UploadAsync(
        Stream source,
        string remotePath,
        FtpTransferOptions? options = null,
        IProgress<FtpProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        Upload upload = CreateUpload(remotePath, options, progress);
        return _operations.RunAsync(token => upload.UploadStreamAsync(source, token), cancellationToken);
    }

    /// <summary>
    /// Downloads a file into a hidden file beside <paramref name="localPath"/>. After all bytes have arrived and the server has confirmed
    /// the transfer, the client renames the hidden file to <paramref name="localPath"/>.
    /// </summary>
    /// <remarks>
    /// If the download fails, an existing local file is unchanged. The hidden file is kept if a later call can verify and resume it: see
    /// <see cref="FtpResume"/> and <see cref="FtpPartialDownload"/>.
    /// </remarks>
    /// <param name="localPath">The local target.</param>
    /// <param name="remotePath">The file on the server.</param>
    /// <param name="options">The options; null for <see cref="FtpTransferOptions.Default"/>.</param>
    /// <param name="progress">Receives the progress; null if not needed.</param>
    /// <param name="cancellationToken">Cancels the transfer.</param>
    /// <exception cref="IOException">The local file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The user of this process may not write the local file.</exception>
    /// <exception cref="FtpIntegrityException">
    /// The received bytes do not have the length or hash that the server reports, the remote file changed during the transfer, or a
    /// required hash is not available.
    /// </exception>
    /// <exception cref="FtpTargetExistsException">
    /// The local file exists, and <see cref="FtpTransferOptions.Overwrite"/> is false. Or the local file cannot be resumed although the
    /// options require it (<see cref="FtpResume.PartialOrTarget"/>).
    /// </exception>
    public Task<FtpTransferResult> DownloadFileAsync(
        string localPath,
        string remotePath,
        FtpTransferOptions? options = null,
        IProgress<FtpProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        RequirePath(localPath);
        Download download = CreateDownload(remotePath, options, progress);
        return _operations.RunAsync(token => download.DownloadToFileAsync(localPath, token), cancellationToken);
    }

    /// <summary>
    /// Downloads a file into a stream, and leaves the stream open. If the download fails, the stream contains the bytes received before the
    /// failure.
    /// </summary>
    /// <param name="target">The stream.</param>
    /// <param name="remotePath">The file on the server.</param>
    /// <param name="options">The options; null for <see cref="FtpTransferOptions.Default"/>.</param>
    /// <param name="progress">Receives the progress; null if not needed.</param>
    /// <param name="cancellationToken">Cancels the transfer.</param>
    /// <exception cref="FtpIntegrityException">The number of received bytes differs from the length that the server reports.</exception>
    public Task<FtpTransferResult> DownloadAsync(
        Stream target,
        string remotePath,
        FtpTransferOptions? options = null,
        IProgress<FtpProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        Download download = CreateDownload(remotePath, options, progress);
        return _operations.RunAsync(token => download.DownloadToStreamAsync(target, token), cancellationToken);
    }

    /// <summary>Uploads many files and returns one result for each file. A file that fails does not stop the other transfers.</summary>
    /// <remarks>
    /// <para>Small files share a data connection, without a round trip for each file, if the server supports block mode (RFC 959 §3.4.2)
    /// and reads the data of a rejected upload to its end (FEAT: MODE B DRAIN). All other files are transferred separately, over several
    /// connections of the pool.</para>
    /// <para>Block mode is not used with <see cref="FtpTransferType.Ascii"/>, <see cref="FtpCompression.Always"/>,
    /// <see cref="FtpResume.PartialOrTarget"/> or <see cref="FtpVerification.ByHash"/>, and not if
    /// <see cref="FtpTransferOptions.Overwrite"/> is false.</para>
    /// <para>The client sets the last-modified times of the uploaded files if the server lists MFMT and
    /// <see cref="FtpTransferOptions.PreserveLastModified"/> is true.</para>
    /// </remarks>
    /// <param name="files">The files, in the order in which their transfers start. Transfers in block mode start before all others.</param>
    /// <param name="options">
    /// The options of each transfer; null for <see cref="FtpTransferOptions.Default"/>. <see cref="FtpTransferOptions.SourceEntry"/> is
    /// ignored.
    /// </param>
    /// <param name="progress">Receives the result of each file when its transfer ends, in the order of completion.</param>
    /// <param name="cancellationToken">Cancels the transfers. Files that are already stored remain.</param>
    /// <returns>The results, in the order of <paramref name="files"/>.</returns>
    public Task<IReadOnlyList<FtpBatchResult>> UploadManyAsync(
        IReadOnlyList<FtpBatchFile> files,
        FtpTransferOptions? options = null,
        IProgress<FtpBatchResult>? progress = null,
        CancellationToken cancellationToken = default) =>
        RunBatchAsync(files, FtpDataDirection.Send, options, progress, cancellationToken);

    /// <summary>Downloads many files and returns one result for each file. A file that fails does not stop the other transfers.</summary>
    /// <remarks>
    /// <para>Each file is received into a hidden file beside its target and renamed when it is complete. If the server supports block mode
    /// (RFC 959 §3.4.2, FEAT: MODE B), small files share a data connection, without a round trip for each file. All other files are
    /// transferred separately, over several connections of the pool.</para>
    /// <para>Block mode is not used with <see cref="FtpTransferType.Ascii"/>, <see cref="FtpCompression.Always"/>,
    /// <see cref="FtpResume.PartialOrTarget"/> or <see cref="FtpVerification.ByHash"/>.</para>
    /// </remarks>
    /// <param name="files">The files, in the order in which their transfers start. Transfers in block mode start before all others.</param>
    /// <param name="options">
    /// The options of each transfer; null for <see cref="FtpTransferOptions.Default"/>. <see cref="FtpBatchFile.SourceEntry"/> replaces
    /// <see cref="FtpTransferOptions.SourceEntry"/>.
    /// </param>
    /// <param name="progress">Receives the result of each file when its transfer ends, in the order of completion.</param>
    /// <param name="cancellationToken">Cancels the transfers. Files that are already complete remain.</param>
    /// <returns>The results, in the order of <paramref name="files"/>.</returns>
    public Task<IReadOnlyList<FtpBatchResult>> DownloadManyAsync(
        IReadOnlyList<FtpBatchFile> files,
        FtpTransferOptions? options = null,
        IProgress<FtpBatchResult>? progress = null,
        CancellationToken cancellationToken = default) =>
        RunBatchAsync(files, FtpDataDirection.Receive, options, progress, cancellationToken);

    /// <summary>
    /// Compares two directory trees by size and last-modified time, and returns the directories and files that must be created or replaced
    /// in the target. Does not change the trees.
    /// </summary>
    /// <remarks>
    /// If the server reports exact times, for example with MLSD, times are compared to the second. Otherwise, only sizes are compared. For
    /// an upload to a server that cannot set times (MFMT), a remote file that is newer than a local file of the same size counts as
    /// unchanged.
    /// </remarks>
    /// <param name="localDirectory">The local directory. If it is the target, it may be missing.</param>
    /// <param name="remoteDirectory">
    /// The directory on the server; empty for the working directory. If it is the target, it may be missing.
    /// </param>
    /// <param name="direction">The direction of the mirror.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    /// <exception cref="FtpException">
    /// The remote path is a file, the remote source does not exist, or the remote tree has more entries than
    /// <see cref="FtpLimits.MirrorEntries"/>.
    /// </exception>
    /// <exception cref="IOException">The local directory cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user of this process may not read the local directory.</exception>
    public Task<FtpMirrorPlan> PlanMirrorAsync(
        string localDirectory, string remoteDirectory, FtpMirrorDirection direction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(remoteDirectory);
        var empty = new FtpMirrorPlan(direction, RequirePath(localDirectory), remoteDirectory);
        var client = new FtpClient(this, _pool.CreateForOperation(remoteDirectory));
        return _operations.RunAsync(token => new Mirror(client, client._pool).PlanAsync(empty, token), cancellationToken);
    }

    /// <summary>
    /// Executes a plan: creates the directories, and then transfers the files in the same way as <see cref="UploadManyAsync"/> or
    /// <see cref="DownloadManyAsync"/>.
    /// </summary>
    /// <param name="plan">The plan. The client executes it unchanged, even if files have changed since its creation.</param>
    /// <param name="options">The options of each transfer; null for <see cref="FtpTransferOptions.Default"/>.</param>
    /// <param name="progress">Receives the result of each file when its transfer ends, in the order of completion.</param>
    /// <param name="cancellationToken">Cancels the transfers. Completed files remain. A new plan contains the remaining files.</param>
    /// <returns>
    /// The result of each file, and the directories that could not be created. A failure does not stop the remaining transfers.
    /// </returns>
    public Task<FtpMirrorResult> MirrorAsync(
        FtpMirrorPlan plan,
        FtpTransferOptions? options = null,
        IProgress<FtpBatchResult>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var client = new FtpClient(this, _pool.CreateForOperation(plan.RemoteDirectory));
        var mirror = new Mirror(client, client._pool);
        return _operations.RunAsync(token => mirror.ApplyAsync(plan, options, progress, token), cancellationToken);
    }

    /// <summary>
    /// Compares two directory trees, and returns the changes that make the target equal to the source. Does not change the trees.
    /// </summary>
    /// <remarks>
    /// Files are compared in the same way as by <see cref="PlanMirrorAsync"/>, or by SHA-256 (<see cref="FtpSyncOptions.Checksum"/>).
    /// Deletions are blocked if a listing failed or has unreadable lines, or if too many files would be deleted:
    /// see <see cref="FtpSyncPlan.BlockedDeletionReason"/>.
    /// </remarks>
    /// <param name="localDirectory">The local directory. If it is the target, it may be missing.</param>
    /// <param name="remoteDirectory">
    /// The directory on the server; empty for the working directory. If it is the target, it may be missing.
    /// </param>
    /// <param name="direction">The direction of the sync.</param>
    /// <param name="options">The options; null for <see cref="FtpSyncOptions.Default"/>.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    /// <exception cref="FtpException">
    /// As for <see cref="PlanMirrorAsync"/>, or the server does not support the hashes that the options require.
    /// </exception>
    /// <exception cref="IOException">The local directory cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user of this process may not read the local directory.</exception>
    public Task<FtpSyncPlan> PlanSyncAsync(
        string localDirectory,
        string remoteDirectory,
        FtpMirrorDirection direction,
        FtpSyncOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(remoteDirectory);
        var empty = new FtpMirrorPlan(direction, RequirePath(localDirectory), remoteDirectory);
        var client = new FtpClient(this, _pool.CreateForOperation(remoteDirectory));
        var planner = new SyncPlanner(client, client._pool, options ?? FtpSyncOptions.Default, empty);
        return _operations.RunAsync(planner.PlanAsync, cancellationToken);
    }

    /// <summary>
    /// Executes a plan: creates directories, transfers files, moves files, and then deletes. An entry that fails does not stop the others,
    /// but after a failure nothing is deleted.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="options">The options of each transfer; null for <see cref="FtpTransferOptions.Default"/>.</param>
    /// <param name="requireUnchanged">
    /// Whether an entry fails if its source or its target has changed since the plan. The client then lists the directories of all entries
    /// before it starts.
    /// </param>
    /// <param name="progress">Receives the result of each transfer when it ends. Files that vanished are not reported.</param>
    /// <param name="fileProgress">Receives the progress of each transfer; null if not needed.</param>
    /// <param name="cancellationToken">Cancels the sync. Executed entries remain. A new plan contains the remaining entries.</param>
    /// <returns>One result for each entry.</returns>
    public Task<FtpSyncResult> SyncAsync(
        FtpSyncPlan plan,
        FtpTransferOptions? options = null,
        bool requireUnchanged = false,
        IProgress<FtpBatchResult>? progress = null,
        IProgress<FtpProgress>? fileProgress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var client = new FtpClient(this, _pool.CreateForOperation(plan.RemoteDirectory));
        var execution = new SyncExecution(client, client._pool, plan);
        return _operations.RunAsync(
            token => execution.RunAsync(options, requireUnchanged, progress, fileProgress, token), cancellationToken);
    }

    /// <summary>Opens a remote file for reading. The stream holds a connection until it is disposed.</summary>
    /// <remarks>
    /// The read that reaches the end of the file also reads the server's final reply, and throws if that reply is negative. Disposing the
    /// stream before the end aborts the transfer.
    /// </remarks>
    /// <param name="path">The file.</param>
    /// <param name="offset">The offset in bytes of the first byte to read (REST, RFC 3659 §5).</param>
    /// <param name="cancellationToken">Cancels the call, but not later reads.</param>
    /// <exception cref="FtpReplyException">The server rejects the download, for example because the file does not exist.</exception>
    public async Task<Stream> OpenReadAsync(string path, long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RequirePath(path);
        ConnectionPool pool = _pool.CreateForOperation(path);
        return await _operations.RunAsync(token => OpenReadStreamAsync(pool, path, offset, token), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Renames or moves a file or directory (RNFR and RNTO, RFC 959 §4.1.3).</summary>
    /// <param name="source">The existing path.</param>
    /// <param name="target">The new path.</param>
    /// <param name="overwrite">
    /// Whether an existing target may be replaced. If false, the client first checks that the target does not exist, because many servers
    /// replace it silently.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="FtpTargetExistsException">The target exists, and <paramref name="overwrite"/> is false.</exception>
    /// <exception cref="FtpReplyException">The server sent a negative reply to RNFR or RNTO.</exception>
    public Task RenameAsync(string source, string target, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        IReadOnlyCollection<string> paths = [RequirePath(source), RequirePath(target)];
        return overwrite ? RunAsync(paths, RenameOnceAsync, cancellationToken) : RenameIfAbsentAsync();

        async Task RenameIfAbsentAsync()
        {
            if (!await RunAsync(paths, TryRenameIfAbsentAsync, cancellationToken).ConfigureAwait(false))
            {
                await RunAsync(paths, RenameOnceAsync, cancellationToken).ConfigureAwait(false);
            }
        }

        // Returns false if the check closed the connection. The check closes it if the client entered a directory and cannot return from
        // that directory, because the server does not support PWD.
        async Task<bool> TryRenameIfAbsentAsync(FtpConnection connection, CancellationToken token)
        {
            await RemoteTargetCheck.ThrowIfExistsAsync(connection, target, token).ConfigureAwait(false);
            if (!connection.IsUsable)
            {
                return false;
            }

            await RenameOnceAsync(connection, token).ConfigureAwait(false);
            return true;
        }

        Task<FtpReply> RenameOnceAsync(FtpConnection connection, CancellationToken token) =>
            AccountCommand.RunWithAccountAsync(connection, () => SendAsync(connection, token), token);

        async Task<FtpReply> SendAsync(FtpConnection connection, CancellationToken token)
        {
            FtpReply first = await connection.SendAsync("RNFR", source, token).ConfigureAwait(false);
            if (!first.IsIntermediate)
            {
                throw new FtpReplyException(first, $"RNFR {source}");
            }

            FtpReply second = await connection.SendAsync("RNTO", target, token).ConfigureAwait(false);
            return RemoteMetadata.RequireCompletion(second, "RNTO", target);
        }
    }

    /// <summary>Deletes a file (DELE).</summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply.</exception>
    public Task DeleteFileAsync(string path, CancellationToken cancellationToken = default) =>
        RunAsync("DELE", RequirePath(path), cancellationToken);

    /// <summary>Deletes an empty directory (RMD).</summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply.</exception>
    public Task DeleteDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
        RunAsync("RMD", RequirePath(path), cancellationToken);

    /// <summary>Creates a directory (MKD). Its parent must exist.</summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply, for example because the directory exists.</exception>
    public Task CreateDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
        RunAsync("MKD", RequirePath(path), cancellationToken);

    /// <summary>
    /// Returns the directory that relative paths refer to (PWD): the login directory, or the directory that
    /// <see cref="ChangeDirectoryAsync"/> entered.
    /// </summary>
    /// <exception cref="FtpReplyException">The server sent a negative reply.</exception>
    /// <exception cref="FtpProtocolException">The reply contains no path.</exception>
    public async Task<string> GetWorkingDirectoryAsync(CancellationToken cancellationToken = default)
    {
        FtpReply reply = await RunAsync("PWD", "", cancellationToken).ConfigureAwait(false);
        return WorkingDirectory.ParsePath(reply)
            ?? throw new FtpProtocolException($"the reply to PWD contains no path: {reply.ToPrintable()}");
    }

    /// <summary>
    /// Enters a directory (CWD, RFC 959 §4.1.1), and returns its path as PWD reports it, or null if the server does not report one. Later
    /// calls resolve relative paths against this directory.
    /// </summary>
    /// <remarks>Each connection enters the directory before its next use. Running calls keep the directory in which they started.</remarks>
    /// <param name="path">
    /// The argument of CWD in the syntax of the server, relative to the current directory. For <c>..</c>, the client may send CDUP. An
    /// empty path returns to the login directory.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="FtpReplyException">The server rejects the directory. The current directory is unchanged.</exception>
    public Task<string?> ChangeDirectoryAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0)
        {
            _pool.WorkingDirectory = null;
        }

        return RunAsync(
            [path],
            async (connection, token) =>
            {
                if (path.Length == 0)
                {
                    return WorkingDirectory.ParsePath(await connection.SendAsync("PWD", null, token).ConfigureAwait(false));
                }

                _pool.WorkingDirectory = await WorkingDirectory.EnterAsync(connection, path, token).ConfigureAwait(false);
                return _pool.WorkingDirectory.Path;
            },
            cancellationToken);
    }

    /// <summary>
    /// Sends a command that transfers no data and does not change the state of the connection, and returns its final reply, which may be
    /// negative.
    /// </summary>
    /// <param name="verb">
    /// NOOP, HELP, STAT, SYST, FEAT, PWD, XPWD, SIZE, MDTM, MLST, MFMT, MFCT, MFF, DELE, MKD, XMKD, RMD, XRMD, RMDA, AVBL, DSIZ, COMB,
    /// HASH, XCRC, XMD5, XSHA, XSHA1, XSHA256, XSHA512 or SITE. For SITE, only the subcommands HELP, CHMOD, CHGRP, CHOWN, UTIME, SYMLINK,
    /// COPY, MKDIR, RMDIR, WHO and QUOTA are allowed.
    /// </param>
    /// <param name="argument">The argument; null or empty if there is none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ArgumentException">
    /// The verb is not allowed, or the argument contains a line break. Nothing was sent. Use <see cref="SendRawAsync"/> or an
    /// <see cref="FtpConnection"/> for other verbs.
    /// </exception>
    public Task<FtpReply> SendAsync(string verb, string? argument = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(verb);
        return PooledCommandRules.IsAllowed(verb, argument)
            ? RunAsync((connection, token) => connection.SendAsync(verb, argument, token), cancellationToken)
            : throw new ArgumentException(
                $"{PooledCommandRules.GetDisplayName(verb, argument)} was not sent, because it may change the state of a pooled connection."
                + " Use SendRawAsync or an FtpConnection.",
                nameof(verb));
    }

    /// <summary>Sends a command unchanged, and returns its final reply, which may be negative.</summary>
    /// <remarks>
    /// A setting that the command changes, such as a umask, applies only to the connection on which it was sent. Your next call uses that
    /// connection, unless another task has used the client in between.
    /// </remarks>
    /// <param name="verb">The verb, which consists of ASCII letters and digits.</param>
    /// <param name="argument">The argument; null or empty if there is none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ArgumentException">
    /// The argument contains a line break, or the command would affect transfers, the login, the encryption or other state that this client
    /// manages (for example RETR, PASV, TYPE, CWD, REST, RNFR, USER and AUTH). Nothing was sent. The message contains the reason.
    /// </exception>
    public Task<FtpReply> SendRawAsync(string verb, string? argument = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(verb);
        return RawCommandRules.GetRejectionReason(verb, argument) is { } reason
            ? throw new ArgumentException($"{verb.ToUpperInvariant().ToPrintable()} was not sent, because {reason}.", nameof(verb))
            : RunAsync((connection, token) => connection.SendAsync(verb, argument, token), cancellationToken);
    }

    /// <summary>
    /// Closes all connections immediately, without QUIT. Running calls throw <see cref="FtpConnectionException"/>. A call that cannot have
    /// changed anything on the server may run again on a new connection instead. The client remains usable: the next call opens a new
    /// connection.
    /// </summary>
    public void Disconnect() => _pool.CloseAll();

    /// <summary>
    /// Cancels running and waiting calls and waits until they have ended, sends QUIT on idle connections, and closes all connections. Waits
    /// for at most <see cref="FtpTimeouts.Resync"/>. Cancelled calls, open streams and open enumerations throw
    /// <see cref="ObjectDisposedException"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        using var budget = new CancellationTokenSource(Options.Timeouts.Resync);
        await _operations.StopAsync(budget.Token).ConfigureAwait(false);
        await _pool.CloseAsync(budget.Token).ConfigureAwait(false);
        _operations.Dispose();
    }

    private Download CreateDownload(string remotePath, FtpTransferOptions? options, IProgress<FtpProgress>? progress) =>
        new(_pool.CreateForOperation(remotePath), RequirePath(remotePath), options ?? FtpTransferOptions.Default, progress);

    private Upload CreateUpload(string remotePath, FtpTransferOptions? options, IProgress<FtpProgress>? progress) =>
        new(_pool.CreateForOperation(remotePath), RequirePath(remotePath), options ?? FtpTransferOptions.Default, progress);

    private Task<IReadOnlyList<FtpBatchResult>> RunBatchAsync(
        IReadOnlyList<FtpBatchFile> files,
        FtpDataDirection direction,
        FtpTransferOptions? options,
        IProgress<FtpBatchResult>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        foreach (FtpBatchFile file in files)
        {
            RequirePath(file.LocalPath, nameof(files));
            RequirePath(file.RemotePath, nameof(files));
        }

        ConnectionPool pool = _pool.CreateForOperation([.. files.Select(file => file.RemotePath)]);
        var batch = new BatchTransfer(pool, direction, options ?? FtpTransferOptions.Default, progress);
        return _operations.RunAsync(token => batch.RunAsync(files, Options.MaxConnections, token), cancellationToken);
    }

    /// <summary>Runs work on one connection of the pool, and returns the result of the work.</summary>
    private Task<T> RunAsync<T>(Func<FtpConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync([], work, cancellationToken);

    /// <inheritdoc cref="RunAsync{T}(Func{FtpConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    /// <param name="paths">
    /// The paths that the work uses; empty if unknown. If all paths are absolute, the connection does not enter the working directory.
    /// </param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    private Task<T> RunAsync<T>(
        IReadOnlyCollection<string> paths, Func<FtpConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        ConnectionPool pool = _pool.CreateForOperation(paths);
        return _operations.RunAsync(token => pool.RunAsync(work, token), cancellationToken);
    }

    /// <summary>
    /// Starts to download a file, and returns the stream. If the server closed the connection while it was idle, retries once on another
    /// connection.
    /// </summary>
    private async Task<Stream> OpenReadStreamAsync(ConnectionPool pool, string path, long offset, CancellationToken cancellationToken)
    {
        for (bool isRetry = false; ; isRetry = true)
        {
            PoolLease lease = await pool.AcquireAsync(
                cancellationToken, purpose: $"reading of '{path}'", isTransferNext: true).ConfigureAwait(false);
            try
            {
                FtpDataStream data = await lease.Connection
                    .OpenDataAsync("RETR", path, offset, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false);
                return new RemoteFileStream(lease, data, path, isWhole: offset == 0, _operations.StoppingToken);
            }
            catch (FtpConnectionException e) when (!isRetry && lease.CanRetry(e))
            {
                await lease.DisposeAsync().ConfigureAwait(false);
                _pool.LogIdleClosed(e);
            }
            catch
            {
                await lease.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Sends a command on one connection of the pool, and returns its positive completion reply (2yz).</summary>
    /// <exception cref="FtpReplyException">The reply has another code.</exception>
    private Task<FtpReply> RunAsync(string verb, string argument, CancellationToken cancellationToken) => RunAsync(
        [argument],
        async (connection, token) =>
            RemoteMetadata.RequireCompletion(await connection.SendAsync(verb, argument, token).ConfigureAwait(false), verb, argument),
        cancellationToken);

    private static InvalidOperationException CreateNotConnectedException() =>
        new("No connection has been opened yet. Call ConnectAsync first.");

    /// <summary>
    /// Returns the path, unless it is empty. An empty path would refer to the working directory and is probably a mistake.
    /// </summary>
    /// <exception cref="ArgumentException">The path is null or empty.</exception>
    private static string RequirePath(string path, [CallerArgumentExpression(nameof(path))] string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path, name);
        return path;
    }
}
