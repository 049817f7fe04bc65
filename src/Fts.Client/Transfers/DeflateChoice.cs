namespace Fts.Client;

/// <summary>Whether one file travels compressed, as <see cref="FtpCompression"/> has it.</summary>
internal static class DeflateChoice
{
    private const int SampleBlocks = 3, BlockBytes = 32 * 1024;

    /// <summary>Of a local file that can be read anywhere, <paramref name="read"/> takes the sample; null for a source that cannot.</summary>
    public static bool ForUpload(FtpConnection connection, string path, long? length, Func<long, Memory<byte>, int>? read) => connection.Options.Compression switch
    {
        FtpCompression.Always => IsOffered(connection),
        FtpCompression.Auto when length is { } bytes && read is not null && IsOffered(connection) => IsWorthwhile(connection, path, bytes, read),
        _ => false,
    };

    public static bool ForDownload(FtpConnection connection, string path, long? length) => connection.Options.Compression switch
    {
        FtpCompression.Always => IsOffered(connection),
        FtpCompression.Auto => IsOffered(connection) && connection.Memory.Deflate.IsWorthwhile(path, length),
        _ => false,
    };

    /// <summary>What a finished transfer tells for those that follow. <paramref name="sample"/> is the beginning of a file that came as it is; empty for none.</summary>
    public static void Learn(FtpConnection connection, string path, long bytes, TimeSpan elapsed, ReadOnlySpan<byte> sample)
    {
        if (connection.Options.Compression != FtpCompression.Auto || !IsOffered(connection))
        {
            return;
        }

        DeflateMeasures measures = connection.Memory.Deflate;
        if (!connection.IsDeflating)
        {
            measures.NoteLink(bytes, elapsed);
            if (measures.IsWorthSampling(path, null))
            {
                measures.NoteSample(path, sample, connection.Options.TimeProvider);
            }
        }
        else if (bytes >= DeflateMeasures.LeastMeasured && bytes / elapsed.TotalSeconds < measures.LinkSpeed)
        {
            measures.NoteLoss(path);
        }
    }

    private static bool IsWorthwhile(FtpConnection connection, string path, long length, Func<long, Memory<byte>, int> read)
    {
        DeflateMeasures measures = connection.Memory.Deflate;
        if (!measures.IsWorthSampling(path, length))
        {
            return false;
        }

        // From the beginning, the middle and the last quarter: many formats have a head that tells nothing of what follows.
        byte[] sample = new byte[SampleBlocks * BlockBytes];
        int filled = 0;
        foreach (long offset in (ReadOnlySpan<long>)[0, length / 2, length / 4 * 3])
        {
            filled += read(offset, sample.AsMemory(filled, BlockBytes));
        }

        measures.NoteSample(path, sample.AsSpan(0, filled), connection.Options.TimeProvider);
        return measures.IsWorthwhile(path, length);
    }

    private static bool IsOffered(FtpConnection connection) =>
        !connection.Memory.RefusesDeflate && connection.Features.Parameter("MODE")?.StartsWith("Z", StringComparison.OrdinalIgnoreCase) == true;
}
