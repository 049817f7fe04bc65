using System.Buffers;
using Fts.Client.Transfers;
using Fts.Protocol;
using Fts.Protocol.Deflate;

namespace Fts.Client.Downloads;

/// <summary>One RETR: the data connection, the bytes, the server's final word, and whether as many bytes came as it told.</summary>
internal sealed class DownloadTransfer(FtpConnection connection, string path, FtpEntry? metadata, ProgressMeter meter)
{
    /// <summary>Large enough that system calls do not count, small enough to stay in the processor's cache.</summary>
    private const int BufferLength = 256 * 1024;

    private const int SampleLength = 64 * 1024;

    /// <summary>The length in bytes that the server reported, if it sent more than that; else null.</summary>
    public long? ExceededLength { get; private set; }

    /// <summary>The data connection, from <see cref="ProgressMeter.ResumedBytes"/> on; from the beginning where the server does not start in the middle, and then says so there.</summary>
    public async Task<FtpDataStream> OpenAsync(CancellationToken cancellationToken)
    {
        bool deflate = DeflateChoice.ShouldDeflateDownload(connection, path, metadata?.Length);
        try
        {
            return await connection.OpenDataAsync("RETR", path, meter.ResumedBytes, FtpDataDirection.Receive, deflate, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (meter.ResumedBytes > 0 && e.Command.StartsWith("REST ", StringComparison.Ordinal) && e.Reply.IsPermanentFailure)
        {
            (meter.ResumedBytes, meter.RestartReason) = (0, FtpRestartReason.Unsupported);
            return await connection.OpenDataAsync("RETR", path, 0, FtpDataDirection.Receive, deflate, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The bytes and the server's final word. A server whose compressed data does not come out right is not asked for any again.</summary>
    public async Task<FtpReply> ReceiveAsync(
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

    private async Task<FtpReply> ReceiveAllAsync(
        FtpDataStream data, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        // A link's or device's size says nothing of what is read through it.
        long? told = metadata?.Kind == FtpEntryKind.File ? metadata.Length : null;
        // Of a part, some servers announce its length and some the whole file's.
        long? announced = meter.ResumedBytes == 0 ? data.AnnouncedLength : null;
        meter.TotalBytes = announced ?? told;
        meter.EnterStage(FtpTransferStage.Transferring);
        long? most = told > announced ? told : announced ?? told;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        byte[] sample = [];
        long started = connection.Options.TimeProvider.GetTimestamp();
        try
        {
            for (int read; (read = await data.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                if (meter.Bytes == 0 && connection.Options.Compression == FtpCompression.Auto)
                {
                    sample = buffer.AsSpan(0, Math.Min(read, SampleLength)).ToArray();
                }

                await write(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                meter.AddBytes(read);
                if (meter.ResumedBytes + meter.Bytes > most)
                {
                    NoteExceededLength(most.Value);
                }
            }
        }
        finally
        {
            // However it ends: this is how far it came.
            meter.Report();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        meter.EnterStage(FtpTransferStage.AwaitingReply);
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }

        ThrowIfIncomplete(announced, told);
        long here = meter.ResumedBytes + meter.Bytes;
        if (data.IsTruncated && here != announced && here != told)
        {
            throw FtpTlsException.CreateTruncated(path.ToPrintable());
        }

        // The 150 reply may announce the full length even if the metadata did not.
        ExceededLength ??= here > told ? told : null;
        DeflateChoice.NoteTransfer(connection, path, meter.Bytes, connection.Options.TimeProvider.GetElapsedTime(started), sample);
        return reply;
    }

    /// <summary>
    /// Notes that more bytes arrived than the server reported. Growing files are longer, and some servers report wrong lengths.
    /// This is not an error, except in a resumed transfer, where the length was part of the proof that the earlier bytes belong to this file.
    /// </summary>
    private void NoteExceededLength(long most)
    {
        long here = meter.ResumedBytes + meter.Bytes;
        if (meter.ResumedBytes > 0 || here - most > connection.Options.Limits.BytesBeyondReportedSize)
        {
            // Abort, so that a server cannot fill the disk with endless data.
            throw new FtpIntegrityException(path, most, here);
        }

        // The remaining length is unknown.
        (ExceededLength, meter.TotalBytes) = (most, null);
    }

    /// <summary>
    /// An end of data is no proof of its completeness, not even with a 226. The size in the 150 is newer than the facts, but prose: either one will do.
    /// </summary>
    private void ThrowIfIncomplete(long? announced, long? told)
    {
        long here = meter.ResumedBytes + meter.Bytes;
        // A length from LIST may be in blocks or records. The caller compares a shorter file with SIZE.
        bool isRough = announced is null && metadata is not null && !DownloadResumption.HasExactMetadata(metadata) && meter.ResumedBytes == 0;
        if (ExceededLength is null && !isRough && (announced ?? told) is { } expected && here != expected && here != told)
        {
            throw new FtpIntegrityException(path, told ?? expected, here);
        }
    }
}
