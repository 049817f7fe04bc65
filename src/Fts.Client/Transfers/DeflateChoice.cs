namespace Fts.Client.Transfers;

/// <summary>Whether one file travels compressed, as <see cref="FtpCompression"/> has it.</summary>
internal static class DeflateChoice
{
    private const int SampleBlockCount = 3, BlockBytes = 32 * 1024;

    /// <summary>Of a local file that can be read anywhere, <paramref name="read"/> takes the sample; null for a source that cannot.</summary>
    public static bool ShouldDeflateUpload(FtpConnection connection, string path, long? length, Func<long, Memory<byte>, int>? read) => connection.Options.Compression switch
    {
        FtpCompression.Always => IsSupported(connection),
        FtpCompression.Auto when length is { } bytes && read is not null && IsSupported(connection) => ShouldDeflate(connection, path, bytes, read),
        _ => false,
    };

    public static bool ShouldDeflateDownload(FtpConnection connection, string path, long? length) => connection.Options.Compression switch
    {
        FtpCompression.Always => IsSupported(connection),
        FtpCompression.Auto => IsSupported(connection) && connection.ServerProfile.DeflateMeasurements.ShouldDeflate(path, length),
        _ => false,
    };

    /// <summary>What a finished transfer tells for those that follow. <paramref name="sample"/> is the beginning of a file that came as it is; empty for none.</summary>
    public static void NoteTransfer(FtpConnection connection, string path, long bytes, TimeSpan elapsed, ReadOnlySpan<byte> sample)
    {
        if (connection.Options.Compression != FtpCompression.Auto || !IsSupported(connection))
        {
            return;
        }

        DeflateMeasurements measures = connection.ServerProfile.DeflateMeasurements;
        if (!connection.IsDeflating)
        {
            measures.NoteNetworkSpeed(bytes, elapsed);
            if (measures.ShouldSample(path, null))
            {
                measures.NoteSample(path, sample, connection.Options.TimeProvider);
            }
        }
        else if (bytes >= DeflateMeasurements.MinMeasuredBytes && bytes / elapsed.TotalSeconds < measures.NetworkSpeed)
        {
            measures.NoteNoGain(path);
        }
    }

    private static bool ShouldDeflate(FtpConnection connection, string path, long length, Func<long, Memory<byte>, int> read)
    {
        DeflateMeasurements measures = connection.ServerProfile.DeflateMeasurements;
        if (!measures.ShouldSample(path, length))
        {
            return false;
        }

        // From the beginning, the middle and the last quarter: many formats have a head that tells nothing of what follows.
        byte[] sample = new byte[SampleBlockCount * BlockBytes];
        int filled = 0;
        foreach (long offset in (ReadOnlySpan<long>)[0, length / 2, length / 4 * 3])
        {
            filled += read(offset, sample.AsMemory(filled, BlockBytes));
        }

        measures.NoteSample(path, sample.AsSpan(0, filled), connection.Options.TimeProvider);
        return measures.ShouldDeflate(path, length);
    }

    private static bool IsSupported(FtpConnection connection) =>
        !connection.ServerProfile.IsDeflateUnusable && connection.Features.GetParameters("MODE")?.StartsWith("Z", StringComparison.OrdinalIgnoreCase) == true;
}
