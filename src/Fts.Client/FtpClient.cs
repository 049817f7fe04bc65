using System.Runtime.CompilerServices;
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

/// <summary>
/// A client of one server, safe to use from many threads at once: it is the pool of its connections, opened when needed, up to
/// <see cref="FtpClientOptions.MaxConnections"/>.
/// </summary>
/// <remarks>
/// Paths go to the server as given: one that starts with a slash is the same everywhere. Any other path is relative to the folder that the account starts in,
/// or that <see cref="ChangeDirectoryAsync"/> entered. Every operation ends in its result or an <see cref="FtpException"/>; a cancelled one in
/// <see cref="OperationCanceledException"/>; trouble with a local file in the exception of the file system.
/// </remarks>
public sealed class FtpClient : IAsyncDisposable
{
    private readonly ConnectionPool _pool;
    private readonly RunningOperations _operations;

    /// <summary>A client; nothing is sent before the first operation.</summary>
    /// <exception cref="ArgumentException">An option that cannot work.</exception>
    public FtpClient(FtpClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options.Validate();
        (_pool, _operations) = (new ConnectionPool(Options), new RunningOperations());
    }

    /// <summary>The same client for the calls of one operation, which keep its folder.</summary>
    private FtpClient(FtpClient client, ConnectionPool pool) => (Options, _pool, _operations) = (client.Options, pool, client._operations);

    /// <summary>The options it was made with.</summary>
    public FtpClientOptions Options { get; }

    /// <summary>What the server can do.</summary>
    /// <exception cref="InvalidOperationException">No connection was opened yet.</exception>
    public FtpServerFeatures Features => _pool.Features ?? throw new InvalidOperationException("No connection was opened yet.");

    /// <summary>The server's greeting.</summary>
    /// <exception cref="InvalidOperationException">No connection was opened yet.</exception>
    public FtpReply Greeting => _pool.Greeting ?? throw new InvalidOperationException("No connection was opened yet.");

    /// <summary>Who the server says it is; null when the connections are not encrypted.</summary>
    /// <exception cref="InvalidOperationException">No connection was opened yet.</exception>
    public FtpServerIdentity? ServerIdentity => _pool.Features is null ? throw new InvalidOperationException("No connection was opened yet.") : _pool.ServerIdentity;

    /// <summary>The version of TLS of the last connection opened; <see cref="SslProtocols.None"/> if it is not encrypted, or none was opened yet.</summary>
    public SslProtocols TlsVersion => _pool.TlsVersion;

    /// <summary>Opens the first connection and signs in, so that errors come now and not with the first operation.</summary>
    public Task ConnectAsync(CancellationToken cancellationToken = default) => RunAsync(static (_, _) => Task.FromResult(true), cancellationToken);

    /// <summary>
    /// Lists a folder: MLSD if the server has it, else LIST with the option -a, else LIST, else NLST. If LIST refuses or ignores a path, the client
    /// sends CWD and lists the folder from there. Entries are returned as they arrive, without the folder itself and its parent.
    /// A listing that fails throws at its end at the latest, and never looks empty. An enumeration that is left early is aborted.
    /// If another call waits for a connection meanwhile, the rest of the listing is read into memory, so that its connection becomes free
    /// for that call.
    /// </summary>
    /// <remarks>
    /// A line that cannot be read is an entry of kind <see cref="Fts.Protocol.FtpEntryKind.Unknown"/> with its <see cref="FtpEntry.RawLine"/>. The listing is
    /// then incomplete: a caller must not delete files because they are not listed.
    /// </remarks>
    /// <param name="path">The folder; empty for the one the account starts in.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="FtpListingException">No line is in a known format, or the listing is over a limit of <see cref="FtpLimits"/>.</exception>
    public async IAsyncEnumerable<FtpEntry> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        PooledListing listing = await PooledListing.OpenAsync(_pool.ForOperation(path), _operations, path, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = listing.ConfigureAwait(false);
        while (await listing.ReadAsync().ConfigureAwait(false) is { } entry)
        {
            yield return entry;
        }
    }

    /// <summary>
    /// Returns the file or directory at a path, or null if there is none. The client sends MLST if the server supports it. Otherwise it sends SIZE and MDTM,
    /// and then lists the parent directory.
    /// </summary>
    /// <exception cref="FtpReplyException">A negative reply that leaves open whether the path exists.</exception>
    /// <exception cref="FtpListingException">A line of the parent's listing that may describe the path is in an unknown format.</exception>
    public Task<FtpEntry?> GetEntryAsync(string path, CancellationToken cancellationToken = default) => 
        RunAsync([path], (connection, token) => RemoteMetadata.GetEntryAsync(connection, RequirePath(path), token), cancellationToken);

    /// <summary>Returns whether a file or directory exists at a path, with the commands of <see cref="GetEntryAsync"/>.</summary>
    /// <exception cref="FtpReplyException">A negative reply that leaves open whether the path exists.</exception>
    /// <exception cref="FtpListingException">A line of the parent's listing that may describe the path is in an unknown format.</exception>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken = default) =>
        await GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>A file's size in bytes; null when there is no such file or the server does not tell.</summary>
    public Task<long?> GetSizeAsync(string path, CancellationToken cancellationToken = default) => 
        RunAsync([path], (connection, token) => RemoteMetadata.GetSizeAsync(connection, RequirePath(path), token), cancellationToken);

    /// <summary>When a file last changed, UTC; null when there is no such file or the server does not tell.</summary>
    public Task<DateTimeOffset?> GetLastModifiedAsync(string path, CancellationToken cancellationToken = default) => 
        RunAsync([path], (connection, token) => RemoteMetadata.GetLastModifiedAsync(connection, RequirePath(path), token), cancellationToken);

    /// <summary>Sets when a file last changed (MFMT). False when the server does not offer it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lastModified">The last-modified time. The client sends it in UTC, without fractions of a second.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<bool> SetLastModifiedAsync(string path, DateTimeOffset lastModified, CancellationToken cancellationToken = default) => RunAsync(
        [path],
        async (connection, token) =>
        {
            if (!connection.Features.CanSetLastModified)
            {
                return false;
            }

            string argument = $"{WireTime.Format(lastModified.UtcDateTime)} {RequirePath(path)}";
            return RemoteMetadata.RequireCompletion(await connection.SendAsync("MFMT", argument, token).ConfigureAwait(false), "MFMT", argument).IsCompletion;
        },
        cancellationToken);

    /// <summary>Sends a local file. The file is opened before anything is sent; when it cannot be read to its end, the transfer is aborted.</summary>
    /// <exception cref="IOException">The local file is missing, a folder, or cannot be read.</exception>
    /// <exception cref="FtpIntegrityException">The local file's size changed while it was sent, or what the server has is another file.</exception>
    /// <exception cref="FtpTargetExistsException">The remote file exists, and is neither to be replaced nor the beginning of the local one.</exception>
    public Task<FtpTransferResult> UploadFileAsync(
        string localPath, string remotePath, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        RequirePath(localPath);
        var transfer = new Upload(_pool.ForOperation(remotePath), RequirePath(remotePath), options ?? FtpTransferOptions.Default, progress);
        return _operations.RunAsync(token => transfer.UploadFileAsync(localPath, token), cancellationToken);
    }

    /// <summary>Sends a stream, from where it stands to its end. The stream stays open. When reading it fails, the transfer is aborted and that error thrown.</summary>
    public Task<FtpTransferResult> UploadAsync(
        Stream source, string remotePath, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var transfer = new Upload(_pool.ForOperation(remotePath), RequirePath(remotePath), options ?? FtpTransferOptions.Default, progress);
        return _operations.RunAsync(token => transfer.UploadStreamAsync(source, token), cancellationToken);
    }

    /// <summary>
    /// Fetches a file into a hidden file beside <paramref name="localPath"/>, which gets its name when everything arrived and the server confirmed it.
    /// On failure what stood at <paramref name="localPath"/> before still stands there, and the hidden file is kept for the next call to go on from, if that will
    /// be able to prove what it is a part of: see <see cref="FtpResume"/> and <see cref="FtpPartialDownload"/>.
    /// </summary>
    /// <exception cref="IOException">The local file cannot be written.</exception>
    /// <exception cref="FtpIntegrityException">Fewer or more bytes came than the file has, or others, or the file changed meanwhile.</exception>
    /// <exception cref="FtpTargetExistsException">The local file exists, and is neither to be replaced nor the beginning of the remote one.</exception>
    public Task<FtpTransferResult> DownloadFileAsync(
        string localPath, string remotePath, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        RequirePath(localPath);
        var transfer = new Download(_pool.ForOperation(remotePath), RequirePath(remotePath), options ?? FtpTransferOptions.Default, progress);
        return _operations.RunAsync(token => transfer.DownloadToFileAsync(localPath, token), cancellationToken);
    }

    /// <summary>Fetches a file into a stream, which stays open. On failure the stream holds what came before it.</summary>
    /// <exception cref="FtpIntegrityException">Fewer or more bytes came than the file has.</exception>
    public Task<FtpTransferResult> DownloadAsync(
        Stream target, string remotePath, FtpTransferOptions? options = null, IProgress<FtpProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        var transfer = new Download(_pool.ForOperation(remotePath), RequirePath(remotePath), options ?? FtpTransferOptions.Default, progress);
        return _operations.RunAsync(token => transfer.DownloadToStreamAsync(target, token), cancellationToken);
    }

    /// <summary>
    /// Sends many files. A server with block mode that reads refused uploads to their end (FEAT: MODE B DRAIN) gets the small ones one after the other
    /// without a wait, over one data connection or, where there are thousands, a few; any other, and the large ones, by a transfer for each over the pool. Unless
    /// <see cref="FtpTransferOptions.PreserveLastModified"/> is false they get their modification times where the server can set them (MFMT).
    /// </summary>
    /// <param name="files">The files, in the order in which they are begun.</param>
    /// <param name="options">As for each; <see cref="FtpTransferOptions.SourceEntry"/> has no meaning here.</param>
    /// <param name="progress">Told the result of each file as soon as it is known, in whichever order that is.</param>
    /// <param name="cancellationToken">Ends the transfers; what was stored stays.</param>
    /// <returns>What became of each, in their order: one that fails does not end the others.</returns>
    public Task<IReadOnlyList<FtpBatchResult>> UploadManyAsync(
        IReadOnlyList<FtpBatchFile> files, FtpTransferOptions? options = null, IProgress<FtpBatchResult>? progress = null, CancellationToken cancellationToken = default) =>
        RunBatchAsync(files, FtpDataDirection.Send, options, progress, cancellationToken);

    /// <summary>
    /// Fetches many files, each into a hidden file beside its target until it is whole. A server with block mode (FEAT: MODE B) sends them one after the other
    /// without a wait, over one data connection or, where there are thousands, a few; any other by a transfer for each over the pool.
    /// </summary>
    /// <param name="files">The files, in the order in which they are begun.</param>
    /// <param name="options">As for each; for <see cref="FtpTransferOptions.SourceEntry"/> each has its own.</param>
    /// <param name="progress">Told the result of each file as soon as it is known, in whichever order that is.</param>
    /// <param name="cancellationToken">Ends the transfers; what was fetched stays.</param>
    /// <returns>What became of each, in their order: one that fails does not end the others.</returns>
    public Task<IReadOnlyList<FtpBatchResult>> DownloadManyAsync(
        IReadOnlyList<FtpBatchFile> files, FtpTransferOptions? options = null, IProgress<FtpBatchResult>? progress = null, CancellationToken cancellationToken = default) =>
        RunBatchAsync(files, FtpDataDirection.Receive, options, progress, cancellationToken);

    /// <summary>
    /// Finds out what a folder lacks to have what another has, by size and time of change, without changing anything. Times count to the second where the server
    /// tells them exactly (MLSD), else sizes alone; where uploads cannot be given the time of their file (MFMT), one that is not older counts as the same.
    /// </summary>
    /// <param name="localDirectory">The folder here; to mirror into, it need not be there.</param>
    /// <param name="remoteDirectory">The folder on the server, empty for the one the account starts in; to mirror into, it need not be there.</param>
    /// <param name="direction">Which of them is to become like the other.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FtpException">The folder on the server is a file, or the tree has more entries than <see cref="FtpLimits.MirrorEntries"/>.</exception>
    /// <exception cref="IOException">The local folder cannot be read.</exception>
    public Task<FtpMirrorPlan> PlanMirrorAsync(string localDirectory, string remoteDirectory, FtpMirrorDirection direction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(remoteDirectory);
        var empty = new FtpMirrorPlan(direction, RequirePath(localDirectory), remoteDirectory);
        var client = new FtpClient(this, _pool.ForOperation(remoteDirectory));
        return _operations.RunAsync(token => new Mirror(client, client._pool).PlanAsync(empty, token), cancellationToken);
    }

    /// <summary>Does what is planned: makes the folders, then transfers the files as <see cref="UploadManyAsync"/> and <see cref="DownloadManyAsync"/> do.</summary>
    /// <param name="plan">The plan; what it says is done as it stands, though meanwhile others may have changed either side.</param>
    /// <param name="options">As for each file.</param>
    /// <param name="progress">Told the result of each file as soon as it is known, in whichever order that is.</param>
    /// <param name="cancellationToken">Ends it; what was done stays, and a new plan has the rest.</param>
    /// <returns>What came of it: one file or folder that fails does not end the others.</returns>
    public Task<FtpMirrorResult> MirrorAsync(
        FtpMirrorPlan plan, FtpTransferOptions? options = null, IProgress<FtpBatchResult>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var client = new FtpClient(this, _pool.ForOperation(plan.RemoteDirectory));
        return _operations.RunAsync(token => new Mirror(client, client._pool).ApplyAsync(plan, options, progress, token), cancellationToken);
    }

    /// <summary>
    /// Opens a file for reading from an offset in bytes. The read that finds the end also reads the server's confirmation and throws when there is none.
    /// The stream holds a connection until it is disposed; disposed before its end, it gives that connection up.
    /// </summary>
    public async Task<Stream> OpenReadAsync(string path, long offset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RequirePath(path);
        ConnectionPool pool = _pool.ForOperation(path);
        return await _operations.RunAsync(token => OpenReadStreamAsync(pool, path, offset, token), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Renames or moves a file or folder (RNFR, RNTO).</summary>
    /// <param name="source">What to rename.</param>
    /// <param name="target">Its new path.</param>
    /// <param name="overwrite">When false, the target is looked for first, for many servers replace it silently.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FtpTargetExistsException">The target exists and is not to be replaced.</exception>
    public Task RenameAsync(string source, string target, bool overwrite = false, CancellationToken cancellationToken = default) => RemoteTargetCheck.CheckAndRunAsync(
        work => RunAsync([source, target], work, cancellationToken),
        RequirePath(target),
        overwrite,
        (connection, token) => AccountCommand.RunWithAccountAsync(
            connection,
            async () =>
            {
                FtpReply first = await connection.SendAsync("RNFR", RequirePath(source), token).ConfigureAwait(false);
                return first.IsIntermediate
                    ? RemoteMetadata.RequireCompletion(await connection.SendAsync("RNTO", target, token).ConfigureAwait(false), "RNTO", target)
                    : throw new FtpReplyException(first, $"RNFR {source}");
            },
            token));

    /// <summary>Deletes a file (DELE).</summary>
    public Task DeleteFileAsync(string path, CancellationToken cancellationToken = default) => RunAsync("DELE", RequirePath(path), cancellationToken);

    /// <summary>Deletes an empty folder (RMD).</summary>
    public Task DeleteDirectoryAsync(string path, CancellationToken cancellationToken = default) => RunAsync("RMD", RequirePath(path), cancellationToken);

    /// <summary>Makes a folder (MKD); its parent must exist.</summary>
    public Task CreateDirectoryAsync(string path, CancellationToken cancellationToken = default) => RunAsync("MKD", RequirePath(path), cancellationToken);

    /// <summary>
    /// Returns the folder that relative paths refer to (PWD): the one that the account starts in, or that <see cref="ChangeDirectoryAsync"/> entered.
    /// </summary>
    public async Task<string> GetWorkingDirectoryAsync(CancellationToken cancellationToken = default)
    {
        FtpReply reply = await RunAsync("PWD", "", cancellationToken).ConfigureAwait(false);
        return WorkingDirectory.ParsePath(reply) ?? throw new FtpProtocolException($"the reply to PWD contains no path: {reply.ToPrintable()}");
    }

    /// <summary>
    /// Enters a folder (CWD, RFC 959 §4.1.1) and returns its path as PWD reports it, or null if the server does not report one. From then on relative paths
    /// count from it: each connection of this client enters it before its next use. Calls that are running keep the folder they began in.
    /// </summary>
    /// <param name="path">The argument of CWD, relative to the folder entered before, in the server's own syntax; <c>..</c> may be sent as CDUP. Empty returns to
    /// the folder the account starts in.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="FtpReplyException">The server refuses the folder. The folder entered before stays.</exception>
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

    /// <summary>Sends a command that transfers no data and changes no state of the connection, and returns the reply, negative or not.</summary>
    /// <param name="verb">
    /// NOOP, HELP, STAT, SYST, FEAT, PWD, SIZE, MDTM, MLST, MFMT, MFCT, MFF, DELE, MKD, RMD, RMDA, AVBL, DSIZ, COMB, HASH, XCRC, XMD5, XSHA, XSHA1, XSHA256,
    /// XSHA512 or SITE. Of SITE the subcommands HELP, CHMOD, CHGRP, CHOWN, UTIME, SYMLINK, COPY, MKDIR, RMDIR, WHO and QUOTA.
    /// </param>
    /// <param name="argument">The argument; null or empty for none.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">
    /// The verb is not in the list, or the argument contains a line end. Nothing was sent. RANG, for example, would shorten the next
    /// transfer on the same connection. An <see cref="FtpConnection"/> of your own sends every verb.
    /// </exception>
    public Task<FtpReply> SendAsync(string verb, string? argument = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(verb);
        return PooledCommandRules.IsAllowed(verb, argument)
            ? RunAsync((connection, token) => connection.SendAsync(verb, argument, token), cancellationToken)
            : throw new ArgumentException(
                $"{PooledCommandRules.GetDisplayName(verb, argument)} may change the state of a pooled connection; use an FtpConnection of your own.", nameof(verb));
    }

    /// <summary>
    /// Sends a command unchanged and returns its final reply, also if it is negative. A setting that the command changes, such as a umask, applies only to the
    /// connection that sent it. The next call uses that connection if no other call runs meanwhile.
    /// </summary>
    /// <param name="verb">The verb, ASCII letters and digits.</param>
    /// <param name="argument">The argument; null or empty if there is none.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentException">
    /// The argument contains a line end, or the command belongs to transfers, to the login, to the encryption or to the state that this client relies on
    /// (RETR, PASV, TYPE, CWD, REST, RNFR, USER, AUTH and others of their kinds). Nothing was sent. The message contains the reason.
    /// </exception>
    public Task<FtpReply> SendRawAsync(string verb, string? argument = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(verb);
        return RawCommandRules.GetRejectionReason(verb, argument) is { } reason
            ? throw new ArgumentException($"{verb.ToUpperInvariant().ToPrintable()} was not sent, because {reason}.", nameof(verb))
            : RunAsync((connection, token) => connection.SendAsync(verb, argument, token), cancellationToken);
    }

    /// <summary>
    /// Closes all connections at once, without QUIT. Calls that use one throw <see cref="FtpConnectionException"/>. The next call opens a new connection, so the
    /// client can still be used.
    /// </summary>
    public void Disconnect() => _pool.CloseAll();

    /// <summary>
    /// Cancels the running and waiting calls, which throw <see cref="ObjectDisposedException"/>, and waits for their end. Then sends QUIT
    /// on idle connections and closes all connections. A stream or enumeration that is still open loses its connection and throws the same.
    /// Takes at most <see cref="FtpTimeouts.Resync"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        using var budget = new CancellationTokenSource(Options.Timeouts.Resync);
        await _operations.StopAsync(budget.Token).ConfigureAwait(false);
        await _pool.CloseAsync(budget.Token).ConfigureAwait(false);
        _operations.Dispose();
    }

    private Task<IReadOnlyList<FtpBatchResult>> RunBatchAsync(
        IReadOnlyList<FtpBatchFile> files, FtpDataDirection direction, FtpTransferOptions? options, IProgress<FtpBatchResult>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        foreach (FtpBatchFile file in files)
        {
            RequirePath(file.LocalPath, nameof(files));
            RequirePath(file.RemotePath, nameof(files));
        }

        ConnectionPool pool = _pool.ForOperation([.. files.Select(file => file.RemotePath)]);
        var batch = new BatchTransfer(pool, direction, options ?? FtpTransferOptions.Default, progress);
        return _operations.RunAsync(token => batch.RunAsync(files, Options.MaxConnections, token), cancellationToken);
    }

    /// <summary>Runs work on one connection.</summary>
    private Task<T> RunAsync<T>(Func<FtpConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) => RunAsync([], work, cancellationToken);

    /// <inheritdoc cref="RunAsync{T}(Func{FtpConnection, CancellationToken, Task{T}}, CancellationToken)"/>
    /// <param name="paths">The paths of the work; empty if they are unknown.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Cancels the wait and the work.</param>
    private Task<T> RunAsync<T>(IReadOnlyCollection<string> paths, Func<FtpConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        ConnectionPool pool = _pool.ForOperation(paths);
        return _operations.RunAsync(token => pool.RunAsync(work, token), cancellationToken);
    }

    private async Task<Stream> OpenReadStreamAsync(ConnectionPool pool, string path, long offset, CancellationToken cancellationToken)
    {
        for (bool isSecond = false; ; isSecond = true)
        {
            PoolLease lease = await pool.AcquireAsync(cancellationToken, $"reading of '{path}'").ConfigureAwait(false);
            try
            {
                FtpDataStream data = await lease.Connection.OpenDataAsync("RETR", path, offset, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false);
                return new RemoteFileStream(lease, data, path, isWhole: offset == 0, _operations.StoppingToken);
            }
            catch (FtpConnectionException e) when (!isSecond && lease.CanRetry(e))
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

    private Task<FtpReply> RunAsync(string verb, string argument, CancellationToken cancellationToken) => RunAsync(
        [argument],
        async (connection, token) => RemoteMetadata.RequireCompletion(await connection.SendAsync(verb, argument, token).ConfigureAwait(false), verb, argument),
        cancellationToken);

    /// <summary>An empty path would address the folder the account starts in, and seldom on purpose.</summary>
    private static string RequirePath(string path, [CallerArgumentExpression(nameof(path))] string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path, name);
        return path;
    }
}
