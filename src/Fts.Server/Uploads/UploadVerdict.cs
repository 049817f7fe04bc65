using Fts.Server.Data;
using Fts.Server.Sessions;

namespace Fts.Server.Uploads;

/// <summary>What is known of an upload's completeness after the end of its data.</summary>
internal enum UploadVerdict
{
    /// <summary>The upload has the announced size, or its end was marked (close_notify, zlib stream, last block).</summary>
    Complete,
    /// <summary>The upload may be complete or truncated: the client announced no size and sent no end marker.</summary>
    Unverified,
    /// <summary>The size of the upload differs from the size that ALLO announced.</summary>
    SizeMismatch,
    /// <summary>
    /// The client closed the control connection before the final reply, perhaps because its process was killed. The data connection of a
    /// killed process is closed in the same way as after a complete upload.
    /// </summary>
    ClientDisconnected,
    /// <summary>The client sent QUIT while data was still being transferred.</summary>
    ClientQuit,
}

/// <summary>Determines the verdict on an upload, and whether an upload with that verdict is published.</summary>
internal static class UploadVerdictRules
{
    /// <summary>Returns the verdict on the upload of the session.</summary>
    /// <param name="session">The session that runs the upload.</param>
    /// <param name="hasEndMarker">Whether the client marked the end of the data, for example by close_notify.</param>
    /// <param name="startOffset">The offset in the file of the first received byte.</param>
    public static UploadVerdict Determine(Session session, bool hasEndMarker, long startOffset)
    {
        Transfer transfer = session.Transfer!;
        if (!session.IsAscii && session.Sequence.Current.AnnouncedLength is { } announced)
        {
            // Some clients announce the size of the remaining bytes, others the total size. ALLO is ignored in ASCII mode, because the
            // number of transferred bytes differs from the size of the file.
            return transfer.Bytes == announced || startOffset + transfer.Bytes == announced
                ? UploadVerdict.Complete
                : UploadVerdict.SizeMismatch;
        }

        if (session.Mode == TransferMode.Block)
        {
            return UploadVerdict.Complete; // the last block was received, even if the client disconnected afterwards
        }

        if (session.HasClientDisconnected)
        {
            return UploadVerdict.ClientDisconnected;
        }

        if (hasEndMarker)
        {
            return UploadVerdict.Complete;
        }

        return transfer.HasClientQuitEarly ? UploadVerdict.ClientQuit : UploadVerdict.Unverified;
    }

    /// <summary>Returns whether an upload with this verdict is published.</summary>
    public static bool ShouldPublish(this UploadVerdict verdict, FtpPublishPolicy policy) =>
        verdict == UploadVerdict.Complete || (verdict == UploadVerdict.Unverified && policy == FtpPublishPolicy.CompleteOrUnverified);

    /// <summary>Returns the text of the verdict for the log.</summary>
    public static string Describe(this UploadVerdict verdict) => verdict switch
    {
        UploadVerdict.Complete => "complete",
        UploadVerdict.Unverified => "unverified",
        UploadVerdict.SizeMismatch => "size differs from ALLO",
        UploadVerdict.ClientDisconnected => "the client disconnected",
        UploadVerdict.ClientQuit => "the client sent QUIT before the end of the data",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
    };
}
