namespace Fts.Client.Transfers;

/// <summary>Decides whether the transfer of a file is compressed, according to <see cref="FtpCompression"/>.</summary>
internal static class DeflateChoice
{
    private const int SampleBlockCount = 3, BlockBytes = 32 * 1024;

    /// <summary>
    /// Returns whether an upload is compressed. For <see cref="FtpCompression.Auto"/>, may read and compress a sample of the file.
    /// </summary>
    /// <param name="connection">The control connection.</param>
    /// <param name="path">The remote path.</param>
    /// <param name="length">The length of the source in bytes; null if it is unknown.</param>
    /// <param name="read">Reads the source at an offset and returns the number of bytes; null if the source is not a file.</param>
    public static bool ShouldDeflateUpload(FtpConnection connection, string path, long? length, Func<long, Memory<byte>, int>? read) =>
        connection.Options.Compression switch
        {
            FtpCompression.Always => IsSupported(connection),
            FtpCompression.Auto when length is { } bytes && read is not null && IsSupported(connection) =>
                ShouldDeflate(connection, path, bytes, read),
            _ => false,
        };

    /// <summary>Returns whether a download is compressed.</summary>
    /// <param name="connection">The control connection.</param>
    /// <param name="path">The remote path.</param>
    /// <param name="length">The length of the file in bytes; null if it is unknown.</param>
    public static bool ShouldDeflateDownload(FtpConnection connection, string path, long? length) => connection.Options.Compression switch
    {
        FtpCompression.Always => IsSupported(connection),
        FtpCompression.Auto => IsSupported(connection) && connection.ServerProfile.DeflateMeasurements.ShouldDeflate(path, length),
        _ => false,
    };

    /// <summary>
    /// Records the speed of a complete transfer for later decisions. Does nothing unless the option is <see cref="FtpCompression.Auto"/>
    /// and the server supports compression.
    /// </summary>
    /// <param name="connection">The control connection.</param>
    /// <param name="path">The remote path.</param>
    /// <param name="bytes">The number of uncompressed bytes transferred.</param>
    /// <param name="elapsed">The duration of the transfer.</param>
    /// <param name="sample">The beginning of a file that was downloaded without compression; empty for any other transfer.</param>
    public static void RecordTransfer(FtpConnection connection, string path, long bytes, TimeSpan elapsed, ReadOnlySpan<byte> sample)
    {
        if (connection.Options.Compression != FtpCompression.Auto || !IsSupported(connection))
        {
            return;
        }

        DeflateMeasurements measurements = connection.ServerProfile.DeflateMeasurements;
        if (!connection.IsDeflating)
        {
            measurements.RecordNetworkSpeed(bytes, elapsed);
            if (measurements.ShouldSample(path, null))
            {
                measurements.RecordSample(path, sample, connection.Options.TimeProvider);
            }
        }
        else if (bytes >= DeflateMeasurements.MinMeasuredBytes && bytes / elapsed.TotalSeconds < measurements.NetworkSpeed)
        {
            measurements.RecordNoGain(path);
        }
    }

    private static bool ShouldDeflate(FtpConnection connection, string path, long length, Func<long, Memory<byte>, int> read)
    {
        DeflateMeasurements measurements = connection.ServerProfile.DeflateMeasurements;
        if (!measurements.ShouldSample(path, length))
        {
            return false;
        }

        // Sample the beginning, the middle and the last quarter, because the header of many formats differs from the content.
        byte[] sample = new byte[SampleBlockCount * BlockBytes];
        int filled = 0;
        foreach (long offset in (ReadOnlySpan<long>)[0, length / 2, length / 4 * 3])
        {
            filled += read(offset, sample.AsMemory(filled, BlockBytes));
        }

        measurements.RecordSample(path, sample.AsSpan(0, filled), connection.Options.TimeProvider);
        return measurements.ShouldDeflate(path, length);
    }

    private static bool IsSupported(FtpConnection connection) =>
        !connection.ServerProfile.IsDeflateUnusable
            && connection.Features.GetParameters("MODE")?.StartsWith("Z", StringComparison.OrdinalIgnoreCase) == true;
}
