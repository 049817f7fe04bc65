using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>Downloads one file into a stream or into a local file (<see cref="FileDownload"/>).</summary>
internal sealed class Download(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    private readonly ProgressMeter _meter = new(progress, path);

    /// <summary>
    /// Requests the metadata of the remote file. If the server reports none, returns <see cref="FtpTransferOptions.SourceEntry"/>, which
    /// may be null.
    /// </summary>
    /// <remarks>
    /// If commands can be pipelined, the packet starts with EPSV or PASV for the next data connection. This command is the first in the
    /// packet, because firewalls look for its reply at the start of a packet.
    /// </remarks>
    /// <exception cref="FtpException">The path is a directory.</exception>
    public static async Task<FtpEntry?> RequestMetadataAsync(
        FtpConnection connection, string path, FtpTransferOptions options, bool withTime, CancellationToken cancellationToken)
    {
        FtpCommand[] passive = connection.PassiveCommand is { } command ? [command] : [];
        await connection.SendAheadAsync(
            [.. passive, .. RemoteMetadata.GetMetadataCommands(connection, path, withTime)], cancellationToken).ConfigureAwait(false);
        FtpEntry? metadata = await RemoteMetadata.TryGetMetadataAsync(connection, path, withTime, cancellationToken).ConfigureAwait(false)
            ?? options.SourceEntry;
        return metadata?.Kind == FtpEntryKind.Directory ? throw new FtpException($"{path.ToPrintable()} is a folder") : metadata;
    }

    /// <summary>Downloads the file to a local path.</summary>
    public async Task<FtpTransferResult> DownloadToFileAsync(string target, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return await new AsciiDownload(pool, path, options, _meter).DownloadToFileAsync(target, cancellationToken)
                .ConfigureAwait(false);
        }

        new LocalTargetCheck().ValidateTarget(Path.GetFullPath(target));
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        _meter.EnterStage(FtpTransferStage.Connecting);
        using PartialDownloadFile file =
            options.Resume == FtpResume.Never ? PartialDownloadFile.PrepareTemporary(target) : PartialDownloadFile.Open(target);
        file.RestrictMode();
        return await new FileDownload(pool, path, target, file, options, _meter).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Downloads the file from its beginning into a stream.</summary>
    public Task<FtpTransferResult> DownloadToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return new AsciiDownload(pool, path, options, _meter).DownloadToStreamAsync(target, cancellationToken);
        }

        _meter.EnterStage(FtpTransferStage.Connecting);
        return pool.RunAsync(
            (connection, token) => DownloadToStreamAsync(connection, target, token), cancellationToken, isTransferNext: true);
    }

    private async Task<FtpTransferResult> DownloadToStreamAsync(
        FtpConnection connection, Stream target, CancellationToken cancellationToken)
    {
        FtpEntry? metadata = options.SourceEntry
            ?? await RequestMetadataAsync(connection, path, options, withTime: false, cancellationToken).ConfigureAwait(false);
        var transfer = new FileRetrieval(connection, path, metadata, offset: 0, _meter);
        FtpDataStream data = await transfer.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            ReceivedFile received = await transfer.ReceiveAsync(data, target.WriteAsync, cancellationToken).ConfigureAwait(false);
            await ThrowIfTruncatedAsync(connection, metadata, received.Bytes, cancellationToken).ConfigureAwait(false);
            FtpVerifiedBy verifiedBy = received.ExpectedLength is null ? FtpVerifiedBy.Reply : FtpVerifiedBy.Length;
            return new FtpTransferResult(path, _meter.Bytes, _meter.Elapsed, received.Reply, metadata?.LastModified, VerifiedBy: verifiedBy)
            {
                Warning = received.ExceededLength is null ? FtpTransferWarning.None : FtpTransferWarning.LongerThanReported,
                ReportedLength = received.ExceededLength,
            };
        }
    }

    /// <summary>
    /// If fewer bytes arrived than the server reported, requests the length again. If the new length equals the number of received bytes,
    /// the file became shorter in the meantime, and the download is complete. If the lengths differ, throws, because bytes are missing. For
    /// example, a server may apply the range of an earlier hash (RANG) to this RETR. Its reply to RETR then announces only the length of
    /// the range, so that only the metadata shows that bytes are missing.
    /// </summary>
    private async Task ThrowIfTruncatedAsync(
        FtpConnection connection, FtpEntry? metadata, long received, CancellationToken cancellationToken)
    {
        if (metadata is not { Kind: FtpEntryKind.File, Length: { } before } || received >= before)
        {
            return;
        }

        long? now = await RemoteMetadata.GetStoredLengthAsync(connection, path, cancellationToken).ConfigureAwait(false);
        if (now != received)
        {
            throw new FtpIntegrityException(path, now ?? before, received);
        }
    }
}
