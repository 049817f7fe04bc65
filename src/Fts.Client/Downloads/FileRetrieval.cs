using System.Buffers;
using Fts.Client.Transfers;
using Fts.Protocol;
using Fts.Protocol.Deflate;

namespace Fts.Client.Downloads;

/// <summary>The result of a RETR that the server confirmed.</summary>
/// <param name="Reply">The final reply.</param>
/// <param name="Bytes">The number of bytes received, not counting the bytes before the restart offset.</param>
/// <param name="ExpectedLength">The reported length in bytes that was not exceeded; null if there is none.</param>
/// <param name="ExceededLength">The reported length in bytes that was exceeded; null if there is none.</param>
internal readonly record struct ReceivedFile(FtpReply Reply, long Bytes, long? ExpectedLength, long? ExceededLength);

/// <summary>
/// Executes one RETR: opens the data connection, receives the bytes, reads the final reply, and compares the number of bytes with the
/// reported lengths.
/// </summary>
/// <param name="connection">The control connection.</param>
/// <param name="path">The remote path.</param>
/// <param name="metadata">The metadata of the remote file; null if unknown.</param>
/// <param name="offset">The restart offset in bytes; 0 for the whole file.</param>
/// <param name="meter">Receives the progress.</param>
internal sealed class FileRetrieval(FtpConnection connection, string path, FtpEntry? metadata, long offset, ProgressMeter meter)
{
    /// <summary>The buffer size in bytes: large enough for few system calls, and small enough for the processor cache.</summary>
    private const int BufferLength = 256 * 1024;

    /// <summary>The maximum length in bytes of the sample with which the benefit of compression is measured.</summary>
    private const int SampleLength = 64 * 1024;

    // The length of a link or device is not the length of the content that is read through it.
    private readonly long? _metadataLength = metadata?.Kind == FtpEntryKind.File ? metadata.Length : null;
    private long _receivedBytes;
    private long? _exceededLength;

    /// <summary>The number of bytes of the file that exist locally, including the bytes before the restart offset.</summary>
    private long TotalBytes => offset + _receivedBytes;

    /// <summary>Opens the data connection and sends RETR.</summary>
    /// <exception cref="FtpReplyException">The server rejects RETR, or REST (<see cref="RestCommand.IsRejection"/>).</exception>
    public Task<FtpDataStream> OpenAsync(CancellationToken cancellationToken)
    {
        bool deflate = DeflateChoice.ShouldDeflateDownload(connection, path, metadata?.Length);
        return connection.OpenDataAsync(
            "RETR", path, offset, FtpDataDirection.Receive, deflate, cancellationToken, canFollowRestart: true);
    }

    /// <summary>Receives all bytes, reads the final reply, and verifies the length.</summary>
    /// <remarks>If the decompressed data is wrong, the client stops using compression with this server.</remarks>
    /// <exception cref="FtpIntegrityException">The server sent fewer bytes than it reported, or more bytes than permitted.</exception>
    /// <exception cref="FtpReplyException">The final reply is negative.</exception>
    /// <exception cref="FtpTlsException">
    /// The data connection ended without close_notify, and no length proves that the file is complete.
    /// </exception>
    public async Task<ReceivedFile> ReceiveAsync(
        FtpDataStream data, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        try
        {
            return await ReceiveAllAsync(data, write, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (connection.IsDeflating && (e is FtpIntegrityException || e.InnerException is DeflateException))
        {
            connection.ServerProfile.IsDeflateUnusable = true;
            throw;
        }
    }

    private async Task<ReceivedFile> ReceiveAllAsync(
        FtpDataStream data, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        // After REST, the announced length is ambiguous: the length of the remaining bytes, or of the whole file.
        long? announced = offset == 0 ? data.AnnouncedLength : null;
        meter.SetFileLength(announced ?? _metadataLength);
        meter.EnterStage(FtpTransferStage.Transferring);
        long started = connection.Options.TimeProvider.GetTimestamp();
        byte[] sample = await CopyAsync(data, write, announced, cancellationToken).ConfigureAwait(false);
        meter.EnterStage(FtpTransferStage.AwaitingReply);
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }

        ThrowIfIncomplete(announced);
        if (data.IsTruncated && TotalBytes != announced && TotalBytes != _metadataLength)
        {
            throw FtpTlsException.CreateTruncated(path.ToPrintable());
        }

        long? expected = _exceededLength is null ? announced ?? _metadataLength : null;
        // The length in the 150 reply may be correct although the length in the metadata is too small.
        _exceededLength ??= TotalBytes > _metadataLength ? _metadataLength : null;
        DeflateChoice.RecordTransfer(connection, path, _receivedBytes, connection.Options.TimeProvider.GetElapsedTime(started), sample);
        return new ReceivedFile(reply, _receivedBytes, expected, _exceededLength);
    }

    /// <summary>
    /// Copies all bytes to the target. With <see cref="FtpCompression.Auto"/>, returns the beginning of the file as a sample; otherwise an
    /// empty array.
    /// </summary>
    private async Task<byte[]> CopyAsync(
        FtpDataStream data,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
        long? announced,
        CancellationToken cancellationToken)
    {
        // The larger length, if both are known.
        long? limit = _metadataLength > announced ? _metadataLength : announced ?? _metadataLength;
        byte[] sample = [];
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (int read; (read = await data.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                if (_receivedBytes == 0 && connection.Options.Compression == FtpCompression.Auto)
                {
                    sample = buffer.AsSpan(0, Math.Min(read, SampleLength)).ToArray();
                }

                await write(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                _receivedBytes += read;
                meter.AddBytes(read);
                if (TotalBytes > limit)
                {
                    RecordExceededLength(limit.Value);
                }
            }
        }
        finally
        {
            meter.Report();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return sample;
    }

    /// <summary>
    /// Records that more bytes arrived than the server reported. In a transfer from the beginning, the excess is allowed up to
    /// <see cref="FtpLimits.BytesBeyondReportedSize"/>, because files grow and some servers report wrong lengths. In a resumed transfer,
    /// the excess is an error, because the length was part of the proof that the earlier bytes belong to this file.
    /// </summary>
    private void RecordExceededLength(long reported)
    {
        if (offset > 0 || TotalBytes - reported > connection.Options.Limits.BytesBeyondReportedSize)
        {
            // The exception aborts the transfer, so that a server cannot fill the disk with endless data.
            throw new FtpIntegrityException(path, reported, TotalBytes);
        }

        _exceededLength = reported;
        meter.SetFileLength(null);
    }

    /// <summary>
    /// Throws if the file is shorter than reported. Neither the end of the data nor reply 226 proves that the file is complete. The length
    /// in the 150 reply is newer than the length in the metadata, but no RFC specifies its format. A match with one of the two lengths is
    /// sufficient.
    /// </summary>
    private void ThrowIfIncomplete(long? announced)
    {
        // A length from LIST may count blocks or records. If fewer bytes arrived, the caller compares their number with SIZE later.
        bool isApproximate = announced is null && offset == 0 && metadata is not null && !DownloadResumption.HasExactMetadata(metadata);
        if (_exceededLength is null && !isApproximate && (announced ?? _metadataLength) is { } expected
            && TotalBytes != expected && TotalBytes != _metadataLength)
        {
            throw new FtpIntegrityException(path, _metadataLength ?? expected, TotalBytes);
        }
    }
}
