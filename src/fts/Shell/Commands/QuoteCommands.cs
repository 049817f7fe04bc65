using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The commands that send an FTP command unchanged.</summary>
internal static class QuoteCommands
{
    /// <summary><c>quote COMMAND…</c> sends an FTP command and prints the reply. After a negative reply, the exit code is 1.</summary>
    public static async Task<ExitCode> QuoteAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        // A single word can contain the whole command, as in quote "SITE CHMOD 644 a".
        string line = string.Join(' ', arguments.Select(word => word.Text)).Trim();
        int space = line.AsSpan().IndexOfAny(' ', '\t');
        (string verb, string? argument) = space < 0 ? (line, null) : (line[..space], line[(space + 1)..]);
        string displayText = RemoveArguments($"quote {line}");
        FtpReply reply;
        try
        {
            reply = await shell.Client.SendRawAsync(verb, argument, cancellationToken);
        }
        catch (ArgumentException e)
        {
            // The message of an ArgumentException ends with the name of the parameter.
            throw new UserErrorException(ExitCode.UsageError, $"{displayText}: {e.Message.Split(" (Parameter")[0]}", SuggestCommand(verb));
        }
        catch (FtpException e)
        {
            // The message omits the argument of the command, which may be a password or an account.
            UserError failure = shell.DescribeError(e, displayText);
            throw new UserErrorException(failure);
        }

        string code = ((int)reply.Code).ToString(CultureInfo.InvariantCulture);
        for (int i = 0; i < reply.Lines.Count; i++)
        {
            bool isEdge = i == 0 || i == reply.Lines.Count - 1;
            shell.Terminal.WriteData($"{(isEdge ? code + (i < reply.Lines.Count - 1 ? "-" : " ") : "")}{reply.Lines[i].ToPrintable()}");
        }

        return reply.IsTransientFailure || reply.IsPermanentFailure ? ExitCode.OtherError : ExitCode.Success;
    }

    /// <summary><c>site COMMAND…</c> is short for <c>quote SITE COMMAND…</c>.</summary>
    public static Task<ExitCode> SiteAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        QuoteAsync(shell, [new ShellWord("SITE"), .. arguments], cancellationToken);

    /// <summary>
    /// Returns the part of a typed line that messages may contain. A <c>quote</c> or <c>site</c> line ends after the FTP verb, because the
    /// arguments may be passwords. Other lines are unchanged.
    /// </summary>
    public static string RemoveArguments(string line)
    {
        string[] words = line.Split([' ', '\t', '"', '\'', '\\'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 && ShellCommandTable.Find(words[0]) is { IsRaw: true } ? string.Join(' ', words.Take(2)) : line;
    }

    /// <summary>Returns the command of the shell that replaces an FTP command, or null if there is none.</summary>
    private static string? SuggestCommand(string verb) => verb.ToUpperInvariant() switch
    {
        "RETR" or "REST" => "get",
        "STOR" or "STOU" or "APPE" => "put",
        "LIST" or "NLST" or "MLSD" => "ls",
        "CWD" or "XCWD" or "CDUP" or "XCUP" => "cd",
        "TYPE" => "ascii, or binary",
        "RNFR" or "RNTO" => "rename",
        "QUIT" => "bye",
        _ => null,
    };
}
