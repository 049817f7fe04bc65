using Fts.Protocol;

namespace Fts.Client;

/// <summary>Classifies negative replies to MLSD, LIST and NLST by their text.</summary>
internal static class ListingReplies
{
    private static readonly string[] Unsupported =
    [
        "not supported", "unsupported", "not implemented", "unimplemented", "not understood", "unknown command", "unrecognized command", "unrecognised command",
        "not recognized", "not recognised", "command not available", "disabled", "not enabled", "illegal command", "invalid command", "bad command",
    ];

    private static readonly string[] NoEntries = ["no file", "empty", "no entries", "no members", "no data sets", "no datasets", "nothing", "no match", "0 files"];

    private static readonly string[] Missing = ["no such", "not found", "not exist", "cannot find", "no file or"];

    private static readonly string[] Denied = ["denied", "permi", "not allowed", "forbidden", "not authorized", "not authorised", "access"];

    private static readonly string[] Complaints = ["no such", "not found", "cannot", "can't", "invalid", "illegal", "unknown", "unrecognized", "unrecognised", "not exist", "usage"];

    /// <summary>Returns whether the server does not have the command, as opposed to not this folder.</summary>
    public static bool IsUnsupported(Reply reply) =>
        reply.Code is ReplyCode.SyntaxError or ReplyCode.NotImplemented || (reply.IsPermanentFailure && Says(reply, Unsupported));

    /// <summary>Returns whether the reply may mean that a folder which exists has no entries.</summary>
    public static bool MayMeanEmpty(Reply reply) =>
        reply.Code is ReplyCode.FileBusy or ReplyCode.FileUnavailable && (Says(reply, NoEntries) || Says(reply, Missing)) && (!IsDenied(reply) || Says(reply, ["no files found"]));

    /// <summary>Returns whether the reply reports a folder without entries, and cannot mean that the folder is missing.</summary>
    public static bool MeansEmpty(Reply reply) => MayMeanEmpty(reply) && Says(reply, NoEntries) && !Says(reply, Missing);

    /// <summary>Returns whether the reply after a listing confirms it. vsftpd reports a folder that it cannot read by the text of a positive reply.</summary>
    public static bool IsConfirmation(Reply reply) => reply.IsCompletion && !Says(reply, ["failed to open dir"]);

    /// <summary>Returns whether the reply is about the permissions of the account.</summary>
    public static bool IsDenied(Reply reply) => Says(reply, Denied);

    /// <summary>Returns whether the reply is about the argument, so that the command without it may work.</summary>
    public static bool IsAboutArgument(Reply reply) =>
        reply.Code is ReplyCode.FileBusy or ReplyCode.FileUnavailable or ReplyCode.ParameterError or ReplyCode.ParameterNotImplemented or ReplyCode.NameNotAllowed;

    /// <summary>Returns whether a line of a listing with the option -a complains of the option, or is of a file of that name.</summary>
    public static bool IsAboutOption(string line, bool isOnly) =>
        (isOnly && (line.EndsWith(" -a", StringComparison.Ordinal) || line is "-a" || line.EndsWith("/-a", StringComparison.Ordinal)))
        || (line.Contains("-a", StringComparison.Ordinal) && Complaints.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase)))
        || line.StartsWith("usage:", StringComparison.OrdinalIgnoreCase);

    private static bool Says(Reply reply, string[] words) =>
        words.Any(word => reply.Lines.Any(line => line.Contains(word, StringComparison.OrdinalIgnoreCase)));
}
