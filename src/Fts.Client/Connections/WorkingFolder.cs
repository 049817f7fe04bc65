using Fts.Protocol;

namespace Fts.Client;

/// <summary>A folder that the connections of a client work in, so that relative paths count from it. Compared by reference.</summary>
/// <param name="parent">The folder in which CWD was sent; null for the one the account starts in.</param>
/// <param name="argument">The argument of CWD.</param>
/// <param name="path">The path that PWD reported; null if the server did not report one.</param>
internal sealed class WorkingFolder(WorkingFolder? parent, string argument, string? path)
{
    /// <summary>The path that PWD reported; null if the server did not report one.</summary>
    public string? Path => path;

    /// <summary>Enters a folder (CWD), reads its path (PWD) and returns it. The connection stays in it.</summary>
    /// <exception cref="FtpReplyException">The server refuses the folder.</exception>
    public static async Task<WorkingFolder> EnterAsync(FtpConnection connection, string argument, CancellationToken cancellationToken)
    {
        await LearnStartAsync(connection, cancellationToken).ConfigureAwait(false);
        FtpReply reply = await connection.SendAsync("CWD", argument, cancellationToken).ConfigureAwait(false);
        if (argument == ".." && reply.IsPermanentFailure)
        {
            FtpReply up = await connection.SendAsync("CDUP", null, cancellationToken).ConfigureAwait(false);
            reply = up.IsCompletion ? up : reply;
        }

        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, $"CWD {argument}");
        }

        // If PWD is cancelled before it is sent, the connection is in a folder that the client does not work in.
        connection.IsElsewhere = true;
        FtpReply place = await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false);
        var entered = new WorkingFolder(connection.Folder, argument, PathIn(place));
        (connection.Folder, connection.IsElsewhere) = (entered, false);
        return entered;
    }

    /// <summary>
    /// Enters the folder that a client works in, null for the one the account starts in. Returns false if the connection cannot reach it from its current folder.
    /// </summary>
    /// <exception cref="FtpReplyException">The server refuses the folder.</exception>
    public static async Task<bool> TryReturnAsync(FtpConnection connection, WorkingFolder? wanted, CancellationToken cancellationToken)
    {
        if (StepsTo(connection, wanted) is not { } steps)
        {
            return false;
        }

        foreach (string step in steps)
        {
            RemoteFacts.Expect(await connection.SendAsync("CWD", step, cancellationToken).ConfigureAwait(false), "CWD", step);
            connection.IsElsewhere = true;
        }

        (connection.Folder, connection.IsElsewhere) = (wanted, false);
        return true;
    }

    /// <summary>Enters a folder for one listing; null if it worked, else the negative reply. <see cref="LeaveAsync"/> returns to the working folder.</summary>
    public static async Task<FtpReply?> VisitAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        // The path may be relative to the working folder.
        await LeaveAsync(connection, cancellationToken).ConfigureAwait(false);
        await LearnStartAsync(connection, cancellationToken).ConfigureAwait(false);
        FtpReply reply = await connection.SendAsync("CWD", path, cancellationToken).ConfigureAwait(false);
        connection.IsElsewhere |= reply.IsCompletion;
        return reply.IsCompletion ? null : reply;
    }

    /// <summary>
    /// Returns to the working folder after a visit. If that is impossible, the connection is closed, because a relative path would name another file.
    /// </summary>
    public static async Task LeaveAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        if (!connection.IsElsewhere)
        {
            return;
        }

        try
        {
            if (await TryReturnAsync(connection, connection.Folder, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (FtpReplyException)
        {
            // The folder is gone, or may not be entered again.
        }

        connection.Break();
    }

    /// <summary>Returns what identifies a path on the server: with the working folder's path, if the path is relative.</summary>
    public static string Identify(FtpConnection connection, string path) =>
        connection.Folder is null || path.StartsWith('/') ? path : RemotePath.Join(connection.Folder.Path ?? string.Join('/', StepsTo(null, connection.Folder) ?? []), path);

    /// <summary>
    /// Returns the path of a 257 reply: the quoted one (RFC 959 appendix II), or the first words of a reply without quotes. Returns null if there is none.
    /// </summary>
    public static string? PathIn(FtpReply reply)
    {
        if (!reply.IsCompletion)
        {
            return null;
        }

        string text = reply.Lines[0].Trim();
        if (PathQuoting.Unquote(text) is { } quoted)
        {
            return quoted.Length > 0 ? quoted : null;
        }

        foreach (string words in (string[])[" is ", " current", " working", " - "])
        {
            int end = text.IndexOf(words, StringComparison.OrdinalIgnoreCase);
            text = end > 0 ? text[..end] : text;
        }

        text = text is ['\'', .. var inner, '\''] && inner.StartsWith('/') ? inner : text.TrimEnd('"');
        // Prose such as "Current directory: /pub" has the path as its last word.
        int slash = text.Contains(' ', StringComparison.Ordinal) && !text.StartsWith('/') ? text.IndexOf(" /", StringComparison.Ordinal) + 1 : 0;
        text = text[slash..].Trim();
        return text.Length == 0 || (text.Contains(' ', StringComparison.Ordinal) && !text.StartsWith('/')) ? null : text;
    }

    private static List<string>? StepsTo(FtpConnection? connection, WorkingFolder? wanted)
    {
        var steps = new List<string>();
        for (WorkingFolder? directory = wanted; directory is not null; directory = directory.ParentFolder)
        {
            if ((directory.Path ?? (directory.Argument.StartsWith('/') ? directory.Argument : null)) is { } path)
            {
                steps.Insert(0, path);
                return steps;
            }

            if (connection is { IsElsewhere: false } && ReferenceEquals(directory, connection.Folder))
            {
                return steps;
            }

            steps.Insert(0, directory.Argument);
        }

        if (connection is null || (connection.Folder is null && !connection.IsElsewhere))
        {
            return steps;
        }

        if (connection.Memory.StartFolder is not { Length: > 0 } start)
        {
            return null;
        }

        steps.Insert(0, start);
        return steps;
    }

    /// <summary>Reads the path of the start folder before the first CWD, so that the connection can return.</summary>
    private static async Task LearnStartAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        if (connection.Memory.StartFolder is null && connection.Folder is null && !connection.IsElsewhere)
        {
            connection.Memory.StartFolder = PathIn(await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false)) ?? "";
        }
    }

    private WorkingFolder? ParentFolder => parent;

    private string Argument => argument;
}
