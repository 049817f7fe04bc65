using Fts.Server.Data;
using Fts.Server.Sessions;

namespace Fts.Server.Uploads;

/// <summary>What is known of an upload whose data connection has ended.</summary>
internal enum UploadVerdict
{
    /// <summary>All of it came: its size was announced, or its end.</summary>
    Complete,
    /// <summary>Nothing says that something is missing, and nothing that all is there.</summary>
    Unverified,
    /// <summary>Other bytes came than were announced.</summary>
    SizeMismatch,
    /// <summary>The client went away before it had heard that it was stored. A killed client's connections all end in good order.</summary>
    ClientDisconnected,
    /// <summary>The client said goodbye while its data was still under way.</summary>
    ClientQuit,
}

/// <summary>The one place where it is judged whether an upload may be published.</summary>
internal static class UploadVerdicts
{
    /// <summary>
    /// The size that ALLO told is the one that came, with a restart of the part or of the whole; in ASCII the wire has another size than the file. Without one, an
    /// end that was announced proves as much, unless nobody is left to have announced it.
    /// </summary>
    public static UploadVerdict Judge(Session session, bool isEndAnnounced, long start)
    {
        Transfer transfer = session.Transfer!;
        if (!session.IsAscii && session.Sequence.Current.AnnouncedLength is { } announced)
        {
            return transfer.Bytes == announced || start + transfer.Bytes == announced ? UploadVerdict.Complete : UploadVerdict.SizeMismatch;
        }

        // A last block says so itself, whatever became of its sender since.
        return session.Mode == TransferMode.Block ? UploadVerdict.Complete
            : session.HasPeerClosed ? UploadVerdict.ClientDisconnected
            : isEndAnnounced ? UploadVerdict.Complete
            : transfer.HasClientQuitEarly ? UploadVerdict.ClientQuit
            : UploadVerdict.Unverified;
    }

    /// <summary>Whether an upload so judged gets its name.</summary>
    public static bool ShouldPublish(this UploadVerdict verdict, FtpPublishPolicy policy) =>
        verdict == UploadVerdict.Complete || (verdict == UploadVerdict.Unverified && policy == FtpPublishPolicy.CompleteOrUnverified);

    /// <summary>For the log.</summary>
    public static string Describe(this UploadVerdict verdict) => verdict switch
    {
        UploadVerdict.Complete => "complete",
        UploadVerdict.Unverified => "unknown whether complete",
        UploadVerdict.SizeMismatch => "not the bytes announced",
        UploadVerdict.ClientDisconnected => "the client has gone",
        _ => "the client quit before its data ended",
    };
}
