namespace Fts.Client.Transfers;

/// <summary>The REST command, which sets the restart offset of the next transfer (RFC 3659 §5).</summary>
internal static class RestCommand
{
    /// <summary>Returns whether an exception means that the server does not support this restart offset (5yz).</summary>
    public static bool IsRejection(FtpReplyException exception) =>
        exception.Command.StartsWith("REST ", StringComparison.Ordinal) && exception.Reply.IsPermanentFailure;
}
