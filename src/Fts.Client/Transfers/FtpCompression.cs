namespace Fts.Client;

/// <summary>Whether files are transferred compressed (MODE Z, draft-preston-ftpext-deflate). Listings are never compressed.</summary>
public enum FtpCompression
{
    /// <summary>Never.</summary>
    Off,
    /// <summary>
    /// If compression was measured to be faster. The server must announce MODE Z, the file must have at least 64 KiB, and its name must not
    /// be that of a compressed format. An earlier transfer of at least 256 KiB must have been slower than half the speed at which this
    /// machine compresses. A sample must shrink to three quarters or less. For an upload it is taken from the file, for a download from an
    /// earlier file with the same extension. So the first file is not compressed, and on a fast network no file is. An upload that the
    /// server rejects or stores wrongly is sent again without compression.
    /// </summary>
    Auto,
    /// <summary>Whenever the server announces MODE Z and accepts it.</summary>
    Always,
}
