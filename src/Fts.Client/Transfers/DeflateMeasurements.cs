using System.Collections.Concurrent;
using System.IO.Compression;
using Fts.Protocol.Deflate;

namespace Fts.Client.Transfers;

/// <summary>
/// Records the measured speeds of the network and of compression, and the measured compression ratios by file extension. All connections to
/// one server share the measurements.
/// </summary>
internal sealed class DeflateMeasurements
{
    /// <summary>
    /// The minimum size in bytes of a transfer that measures the network speed. Socket buffers distort the speed of smaller transfers.
    /// </summary>
    public const int MinMeasuredBytes = 256 * 1024;

    /// <summary>
    /// The minimum length in bytes of a file that is compressed. For smaller files, the MODE command costs more time than compression
    /// saves.
    /// </summary>
    public const int MinFileBytes = 64 * 1024;

    /// <summary>The maximum ratio of compressed to uncompressed length at which files are compressed.</summary>
    private const double MaxRatio = 0.75;

    /// <summary>The maximum number of file extensions with a recorded ratio.</summary>
    private const int MaxExtensions = 256;

    private static readonly HashSet<string> CompressedExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".7z", ".aac", ".apk", ".avi", ".avif", ".br", ".bz2", ".cab", ".crx", ".deb", ".docx", ".flac", ".gif", ".gpg", ".gz", ".heic",
        ".jar", ".jpeg", ".jpg", ".lz", ".lz4", ".lzma", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4", ".mpeg", ".mpg", ".odt",
        ".ogg", ".opus", ".png", ".pptx", ".rar", ".rpm", ".tbz2", ".tgz", ".txz", ".webm", ".webp", ".whl", ".wma", ".wmv", ".woff",
        ".woff2", ".xlsx", ".xz", ".zip", ".zst",
    };

    private readonly ConcurrentDictionary<string, double> _ratios = new(StringComparer.OrdinalIgnoreCase);

    private long _networkSpeed, _deflateSpeed;

    /// <summary>The speed of the last measured transfer without compression, in bytes per second; 0 if unknown.</summary>
    public long NetworkSpeed
    {
        get => Volatile.Read(ref _networkSpeed);
        set => Volatile.Write(ref _networkSpeed, value);
    }

    /// <summary>The speed at which this machine last compressed a sample, in bytes per second; 0 if unknown.</summary>
    public long DeflateSpeed
    {
        get => Volatile.Read(ref _deflateSpeed);
        set => Volatile.Write(ref _deflateSpeed, value);
    }

    /// <summary>Returns whether the extension of a path belongs to a compressed format.</summary>
    public static bool IsAlreadyCompressed(string path) => CompressedExtensions.Contains(GetExtension(path));

    /// <summary>
    /// Records the network speed, computed from the size in bytes and the duration of a transfer without compression. Small transfers are
    /// ignored.
    /// </summary>
    public void RecordNetworkSpeed(long bytes, TimeSpan elapsed)
    {
        if (bytes >= MinMeasuredBytes && elapsed > TimeSpan.Zero)
        {
            NetworkSpeed = (long)(bytes / elapsed.TotalSeconds);
        }
    }

    /// <summary>Compresses a sample of a file, and records the speed of compression and the ratio for the file's extension.</summary>
    public void RecordSample(string path, ReadOnlySpan<byte> sample, TimeProvider time)
    {
        if (sample.IsEmpty)
        {
            return;
        }

        long started = time.GetTimestamp();
        using var compressed = new MemoryStream(sample.Length);
        var level = new ZLibCompressionOptions { CompressionLevel = DeflateWriter.DefaultLevel };
        using (var zlib = new ZLibStream(compressed, level, leaveOpen: true))
        {
            zlib.Write(sample);
        }

        DeflateSpeed = (long)(sample.Length / Math.Max(time.GetElapsedTime(started).TotalSeconds, 1e-6));
        RecordRatio(path, (double)compressed.Length / sample.Length);
    }

    /// <summary>Records that files with the same extension as the path should not be compressed.</summary>
    public void RecordNoGain(string path) => RecordRatio(path, 1);

    /// <summary>
    /// Returns whether a sample is useful: the network speed is known and below 256 MiB/s, and the file is large enough and not in a
    /// compressed format. A null <paramref name="length"/> counts as large enough.
    /// </summary>
    public bool ShouldSample(string path, long? length) =>
        NetworkSpeed is > 0 and < 256 * 1024 * 1024 && !(length < MinFileBytes) && !IsAlreadyCompressed(path);

    /// <summary>Returns whether compression makes the transfer faster, according to the measurements.</summary>
    public bool ShouldDeflate(string path, long? length) =>
        ShouldSample(path, length) && NetworkSpeed < DeflateSpeed / 2
            && _ratios.TryGetValue(GetExtension(path), out double ratio) && ratio <= MaxRatio;

    private static string GetExtension(string path) => Path.GetExtension(path);

    private void RecordRatio(string path, double ratio)
    {
        // The number and length of extensions are limited, because the server chooses them.
        if (GetExtension(path) is { Length: <= 16 } extension && (_ratios.Count < MaxExtensions || _ratios.ContainsKey(extension)))
        {
            _ratios[extension] = ratio;
        }
    }
}
