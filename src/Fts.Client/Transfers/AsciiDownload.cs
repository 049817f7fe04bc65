using System.Buffers;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Downloads one text file in ASCII mode. Without a comparable length, the end of the data and the server's final reply are the proof.</summary>
internal sealed class AsciiDownload(ConnectionPool pool, string path, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 64 * 1024;

    public async Task<FtpTransferResult> ToFileAsync(string target, CancellationToken cancellationToken)
    {
        AsciiMode.Validate(options);
        new TargetCheck().Check(target);
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        meter.Enter(FtpPhase.Connecting);
        using PartialFile file = PartialFile.OneOff(target);
        (FtpReply reply, DateTime? lastModified) = await ReceiveAsync(
            // The file is created when the server has begun to send, so that a missing one leaves nothing behind.
            () => file.Begin(null),
            (bytes, _) =>
            {
                file.Write(bytes.Span);
                return default;
            },
            cancellationToken).ConfigureAwait(false);
        meter.Enter(FtpPhase.Committing);
        file.Commit(options.KeepModified ? lastModified : null, options.Overwrite);
        return Result(reply, lastModified);
    }

    public async Task<FtpTransferResult> ToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        AsciiMode.Validate(options);
        meter.Enter(FtpPhase.Connecting);
        (FtpReply reply, DateTime? lastModified) = await ReceiveAsync(() => { }, target.WriteAsync, cancellationToken).ConfigureAwait(false);
        return Result(reply, lastModified);
    }

    private Task<(FtpReply Reply, DateTime? Modified)> ReceiveAsync(
        Action begin, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken) => pool.RunAsync(
        async (connection, token) =>
        {
            FtpEntry? metadata = options.Known ?? await RemoteFacts.LookAsync(connection, path, options.KeepModified, token).ConfigureAwait(false);
            if (metadata?.Kind == FtpEntryKind.Directory)
            {
                throw new FtpException($"{path.ToPrintable()} is a folder");
            }

            FtpReply reply = await AsciiMode.RunAsync(connection, () => ReceiveAsync(connection, begin, write, token), token).ConfigureAwait(false);
            return (reply, metadata?.Modified);
        },
        cancellationToken);

    private async Task<FtpReply> ReceiveAsync(
        FtpConnection connection, Action begin, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        FtpDataStream data = await connection.OpenDataAsync("RETR", path, 0, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            begin();
            meter.Enter(FtpPhase.Transferring);
            await CopyAsync(data, write, cancellationToken).ConfigureAwait(false);
            meter.Enter(FtpPhase.AwaitingReply);
            FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
            return !reply.IsCompletion ? throw new FtpReplyException(reply, data.CommandText)
                : data.WasCut ? throw FtpTlsException.Cut(path.ToPrintable())
                : reply;
        }
    }

    private async Task CopyAsync(FtpDataStream data, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        byte[] wire = ArrayPool<byte>.Shared.Rent(BufferLength), text = ArrayPool<byte>.Shared.Rent(BufferLength + 1);
        try
        {
            var translator = new AsciiTranslator();
            for (int read; (read = await data.ReadAsync(wire.AsMemory(0, BufferLength), cancellationToken).ConfigureAwait(false)) > 0;)
            {
                int length = AsciiMode.EndsLinesInLineFeed ? translator.ToFile(wire.AsSpan(0, read), text) : read;
                await write((AsciiMode.EndsLinesInLineFeed ? text : wire).AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                meter.Add(length);
            }

            if (AsciiMode.EndsLinesInLineFeed && translator.Finish(text) is > 0 and var last)
            {
                await write(text.AsMemory(0, last), cancellationToken).ConfigureAwait(false);
                meter.Add(last);
            }
        }
        finally
        {
            meter.Tell();
            ArrayPool<byte>.Shared.Return(wire);
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    private FtpTransferResult Result(FtpReply reply, DateTime? lastModified) => new(path, meter.Bytes, meter.Elapsed, reply, lastModified);
}
