namespace Fts.Client;

/// <summary>Whether file transfers are compressed (MODE Z, draft-preston-ftpext-deflate). Listings are never compressed.</summary>
public enum FtpCompression
{
    /// <summary>Never.</summary>
    Off,
    /// <summary>
    /// Only if measurements show that compression is faster. The server must list MODE Z, the file must have at least 64 KiB, and its
    /// extension must not be that of a compressed format. An earlier transfer of at least 256 KiB must have been slower than half the speed
    /// at which this machine compresses. Therefore, the first file is never compressed, and on a fast network no file is. A sample must
    /// shrink to three quarters or less. The sample of an upload is from the file itself, and the sample of a download from an earlier file
    /// with the same extension. Uploads of streams, pipes and devices are never compressed. A compressed upload that the server rejects or
    /// stores wrongly is sent again without compression.
    /// </summary>
    Auto,
    /// <summary>Whenever the server lists and accepts MODE Z.</summary>
    Always,
}
