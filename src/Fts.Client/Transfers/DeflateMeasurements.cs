using System.Collections.Concurrent;
using System.IO.Compression;
using Fts.Protocol.Deflate;

namespace Fts.Client.Transfers;

/// <summary>What was measured of one server's link, of this machine, and of files by the ends of their names; shared by all connections to the server.</summary>
internal sealed class DeflateMeasurements
{
    /// <summary>Less is gone before a link shows its speed: buffers on the way take it in.</summary>
    public const int MinMeasuredBytes = 256 * 1024;

    /// <summary>More time than it saves goes into the change of mode.</summary>
    public const int MinFileBytes = 64 * 1024;

    private const double MaxRatio = 0.75;
    private const int MaxExtensions = 256;

    private static readonly HashSet<string> CompressedExtensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".7z", ".aac", ".apk", ".avi", ".avif", ".br", ".bz2", ".cab", ".crx", ".deb", ".docx", ".flac", ".gif", ".gpg", ".gz", ".heic", ".jar", ".jpeg", ".jpg", ".lz", ".lz4",
        ".lzma", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4", ".mpeg", ".mpg", ".odt", ".ogg", ".opus", ".png", ".pptx", ".rar", ".rpm", ".tbz2", ".tgz", ".txz", ".webm",
        ".webp", ".whl", ".wma", ".wmv", ".woff", ".woff2", ".xlsx", ".xz", ".zip", ".zst",
    };

    private readonly ConcurrentDictionary<string, double> _ratios = new(StringComparer.OrdinalIgnoreCase);

    private long _networkSpeed, _deflateSpeed;

    /// <summary>Bytes per second that the link carried last, as they were; 0 while nobody knows.</summary>
    public long NetworkSpeed
    {
        get => Volatile.Read(ref _networkSpeed);
        set => Volatile.Write(ref _networkSpeed, value);
    }

    /// <summary>Bytes per second that this machine deflated last; 0 while nobody knows.</summary>
    public long DeflateSpeed
    {
        get => Volatile.Read(ref _deflateSpeed);
        set => Volatile.Write(ref _deflateSpeed, value);
    }

    /// <summary>Whether files of such a name are compressed already.</summary>
    public static bool IsAlreadyCompressed(string path) => CompressedExtensions.Contains(GetExtension(path));

    /// <summary>Notes how fast a transfer that was not compressed went.</summary>
    public void NoteNetworkSpeed(long bytes, TimeSpan elapsed)
    {
        if (bytes >= MinMeasuredBytes && elapsed > TimeSpan.Zero)
        {
            NetworkSpeed = (long)(bytes / elapsed.TotalSeconds);
        }
    }

    /// <summary>Deflates a part of a file, and notes how fast that went by a clock, and how far files of its kind shrink.</summary>
    public void NoteSample(string path, ReadOnlySpan<byte> sample, TimeProvider time)
    {
        if (sample.IsEmpty)
        {
            return;
        }

        long started = time.GetTimestamp();
        using var shrunk = new MemoryStream(sample.Length);
        using (var zlib = new ZLibStream(shrunk, new ZLibCompressionOptions { CompressionLevel = DeflateWriter.DefaultLevel }, leaveOpen: true))
        {
            zlib.Write(sample);
        }

        DeflateSpeed = (long)(sample.Length / Math.Max(time.GetElapsedTime(started).TotalSeconds, 1e-6));
        NoteRatio(path, (double)shrunk.Length / sample.Length);
    }

    /// <summary>Notes that compressing files of this kind did not pay.</summary>
    public void NoteNoGain(string path) => NoteRatio(path, 1);

    /// <summary>Whether a sample of files of this kind would tell anything that is of use: the link is not known to be faster than any deflation.</summary>
    public bool ShouldSample(string path, long? length) =>
        NetworkSpeed is > 0 and < 256 * 1024 * 1024 && !(length < MinFileBytes) && !IsAlreadyCompressed(path);

    /// <summary>Whether a file is better sent compressed, by all that is known.</summary>
    public bool ShouldDeflate(string path, long? length) =>
        ShouldSample(path, length) && NetworkSpeed < DeflateSpeed / 2 && _ratios.TryGetValue(GetExtension(path), out double ratio) && ratio <= MaxRatio;

    private static string GetExtension(string path) => Path.GetExtension(path);

    private void NoteRatio(string path, double ratio)
    {
        // Names are the server's to choose; what it makes us remember has a bound.
        if (GetExtension(path) is { Length: <= 16 } kind && (_ratios.Count < MaxExtensions || _ratios.ContainsKey(kind)))
        {
            _ratios[kind] = ratio;
        }
    }
}
