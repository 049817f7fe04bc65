namespace Fts.Client;

/// <summary>Whether files travel compressed (MODE Z, draft-preston-ftpext-deflate). Listings never do.</summary>
public enum FtpCompression
{
    /// <summary>Never.</summary>
    Off,
    /// <summary>
    /// Where it was measured to pay: the server announces MODE Z; an earlier transfer of 256 KiB or more showed this link to be slower than half of what this
    /// machine deflates; the file has 64 KiB or more, and is of no kind that is compressed already, by its name; and a sample shrinks to three quarters or
    /// less. Of a local file the sample is taken from the file itself, of a remote one from the file of its kind that came before. So the first file goes as it
    /// is, and on a fast network every file does. An upload that came out wrong, or that the server refuses when compressed, is sent again as it is.
    /// </summary>
    Auto,
    /// <summary>Wherever the server announces it and takes it.</summary>
    Always,
}
