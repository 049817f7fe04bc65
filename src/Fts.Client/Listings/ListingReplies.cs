using System.Text.RegularExpressions;
using Fts.Protocol;

namespace Fts.Client.Listings;

/// <summary>Classifies replies to MLSD, MLST, LIST and NLST by their code and text.</summary>
internal static class ListingReplies
{
    private static readonly string[] UnsupportedPhrases =
    [
        "not supported", "unsupported", "not implemented", "unimplemented", "not understood", "unknown command", "unrecognized command",
        "unrecognised command", "not recognized", "not recognised", "command not available", "disabled", "not enabled", "illegal command",
        "invalid command", "bad command",
    ];

    private static readonly string[] EmptyPhrases =
        ["no file", "empty", "no entries", "no members", "no data sets", "no datasets", "nothing", "no match", "0 files"];

    private static readonly string[] MissingPhrases = ["no such", "not found", "not exist", "cannot find", "no file or"];

    private static readonly string[] DeniedPhrases =
        ["denied", "permi", "not allowed", "forbidden", "not authorized", "not authorised", "access"];

    private static readonly string[] ErrorPhrases =
    [
        "no such", "not found", "cannot", "can't", "invalid", "illegal", "unknown", "unrecognized", "unrecognised", "not exist", "usage",
    ];

    /// <summary>
    /// Returns whether the reply reports that the server does not support the command, as opposed to an error about the directory.
    /// </summary>
    /// <param name="reply">The negative reply.</param>
    /// <param name="argument">The argument of the command, which the reply may repeat.</param>
    public static bool IsUnsupported(FtpReply reply, string argument) =>
        reply.Code is FtpReplyCode.SyntaxError or FtpReplyCode.NotImplemented
            || (reply.IsPermanentFailure && ContainsAny(reply, argument, UnsupportedPhrases));

    /// <inheritdoc cref="IsUnsupported(FtpReply, string)"/>
    public static bool IsUnsupported(FtpReplyException e) => IsUnsupported(e.Reply, GetArgument(e));

    /// <summary>Returns whether the reply may report that an existing directory is empty.</summary>
    public static bool CanMeanEmpty(FtpReplyException e) =>
        e.Reply.Code is FtpReplyCode.FileBusy or FtpReplyCode.FileUnavailable
        && (ContainsAny(e.Reply, GetArgument(e), EmptyPhrases) || ContainsAny(e.Reply, GetArgument(e), MissingPhrases))
        && (!IsPermissionDenied(e) || ContainsAny(e.Reply, GetArgument(e), ["no files found"]));

    /// <summary>Returns whether the reply reports an empty directory, and cannot mean that the directory does not exist.</summary>
    public static bool IsEmptyDirectory(FtpReplyException e) =>
        CanMeanEmpty(e) && ContainsAny(e.Reply, GetArgument(e), EmptyPhrases) && !ContainsAny(e.Reply, GetArgument(e), MissingPhrases);

    /// <summary>
    /// Returns whether the final reply confirms a listing. If vsftpd cannot read the directory, it sends a positive reply with the error in
    /// the text.
    /// </summary>
    public static bool IsConfirmation(FtpReply reply) =>
        reply.IsCompletion && !reply.Lines.Any(line => line.Contains("failed to open dir", StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns whether the reply reports that the user lacks a permission.</summary>
    public static bool IsPermissionDenied(FtpReplyException e) => ContainsAny(e.Reply, GetArgument(e), DeniedPhrases);

    /// <summary>Returns whether the reply may be about the argument, so that the command may work without it.</summary>
    public static bool IsAboutArgument(FtpReply reply) =>
        reply.Code is FtpReplyCode.FileBusy or FtpReplyCode.FileUnavailable or FtpReplyCode.ParameterError
            or FtpReplyCode.ParameterNotImplemented or FtpReplyCode.NameNotAllowed;

    /// <summary>
    /// Returns whether a line of a listing is an error about the option -a, or the entry of a file named -a. In both cases, the server does
    /// not support the option.
    /// </summary>
    public static bool IsAboutOption(string line, bool isOnlyLine) =>
        (isOnlyLine && (line.EndsWith(" -a", StringComparison.Ordinal) || line is "-a" || line.EndsWith("/-a", StringComparison.Ordinal)))
        || (line.Contains("-a", StringComparison.Ordinal) && ErrorPhrases.Any(
            phrase => line.Contains(phrase, StringComparison.OrdinalIgnoreCase)))
        || line.StartsWith("usage:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns whether the reply contains one of the phrases. Ignores the path, which the reply may repeat.</summary>
    private static bool ContainsAny(FtpReply reply, string argument, string[] phrases) =>
        reply.Lines.Select(line => RemovePath(line, argument)).Any(
            line => phrases.Any(phrase => line.Contains(phrase, StringComparison.OrdinalIgnoreCase)));

    /// <summary>
    /// Removes the argument, its last component and absolute paths from a line, because they may contain a phrase: "sites-disabled: No such
    /// file" does not report a disabled command.
    /// </summary>
    private static string RemovePath(string line, string argument)
    {
        foreach (string path in (string[])[argument, RemotePath.GetName(argument)])
        {
            if (path.Length > 0)
            {
                // Whole words only, because a short name may also be part of another word.
                line = Regex.Replace(line, $@"(?<![\w-]){Regex.Escape(path)}(?![\w-])", "", RegexOptions.CultureInvariant);
            }
        }

        return Regex.Replace(line, @"(?<!\S)[""'(<]*/\S+", "", RegexOptions.CultureInvariant);
    }

    /// <summary>Returns the path in the command, without the option -a and the prefix "./".</summary>
    private static string GetArgument(FtpReplyException e)
    {
        int space = e.Command.IndexOf(' ', StringComparison.Ordinal);
        string argument = space < 0 ? "" : e.Command[(space + 1)..];
        argument = argument is ['-', 'a', ' ', .. var path] ? path : argument;
        return argument.StartsWith("./", StringComparison.Ordinal) ? argument[2..] : argument;
    }
}
