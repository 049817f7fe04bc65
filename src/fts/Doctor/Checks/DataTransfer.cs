using System.Buffers;
using System.Diagnostics;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Doctor.Checks;

/// <summary>A measured transfer.</summary>
/// <param name="Content">The first received bytes, up to <see cref="MaxContent"/>.</param>
/// <param name="Length">The number of transferred bytes.</param>
/// <param name="Time">The time from the command to the last byte.</param>
/// <param name="IsSessionResumed">Whether the server resumed the TLS session; null without TLS, or if unknown.</param>
internal sealed record DataTransfer(byte[] Content, long Length, TimeSpan Time, bool? IsSessionResumed)
{
    /// <summary>The maximum number of bytes of a listing that are examined.</summary>
    public const int MaxContent = 256 * 1024;

    /// <summary>The amount and the time after which a measurement of the speed ends.</summary>
    public const long MaxMeasuredBytes = 64L * 1024 * 1024;

    /// <inheritdoc cref="MaxMeasuredBytes"/>
    public static readonly TimeSpan MaxMeasuredTime = TimeSpan.FromSeconds(3);

    private const int BufferSize = 128 * 1024;

    /// <summary>
    /// Receives data until its end, or until the limits of a measurement. Then the transfer is aborted, which counts as success.
    /// </summary>
    /// <exception cref="FtpException">The transfer failed.</exception>
    public static async Task<DataTransfer> ReceiveAsync(
        FtpConnection connection, string verb, string? argument, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        using var content = new MemoryStream();
        long start = Stopwatch.GetTimestamp(), length = 0;
        try
        {
            await using FtpDataStream data = await connection.OpenDataAsync(
                verb, argument, 0, FtpDataDirection.Receive, cancellationToken);
            int read;
            while ((read = await data.ReadAsync(buffer, cancellationToken)) > 0)
            {
                length += read;
                content.Write(buffer, 0, (int)Math.Min(read, MaxContent - content.Length));
                if (length >= MaxMeasuredBytes || Stopwatch.GetElapsedTime(start) >= MaxMeasuredTime)
                {
                    return Create();
                }
            }

            DataTransfer result = Create();
            FtpReply reply = await data.CompleteAsync(cancellationToken);
            return reply.IsCompletion ? result : throw new FtpReplyException(reply, argument is null ? verb : $"{verb} {argument}");

            DataTransfer Create() => new(content.ToArray(), length, Stopwatch.GetElapsedTime(start), data.IsSessionResumed);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Uploads bytes that cannot be compressed, up to the limits of a measurement.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="name">The name of the new file.</param>
    /// <param name="sent">Receives a copy of each sent block, for example to compute a hash.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FtpException">The transfer failed.</exception>
    public static async Task<DataTransfer> SendAsync(
        FtpConnection connection, string name, Action<ReadOnlyMemory<byte>> sent, CancellationToken cancellationToken)
    {
        byte[] block = new byte[BufferSize];
        Random.Shared.NextBytes(block);
        long start = Stopwatch.GetTimestamp(), length = 0;
        await using FtpDataStream data = await connection.OpenDataAsync("STOR", name, 0, FtpDataDirection.Send, cancellationToken);
        while (length < MaxMeasuredBytes && Stopwatch.GetElapsedTime(start) < MaxMeasuredTime)
        {
            await data.WriteAsync(block, cancellationToken);
            sent(block);
            length += block.Length;
        }

        FtpReply reply = await data.CompleteAsync(cancellationToken);
        return reply.IsCompletion
            ? new DataTransfer([], length, Stopwatch.GetElapsedTime(start), data.IsSessionResumed)
            : throw new FtpReplyException(reply, $"STOR {name}");
    }
}
