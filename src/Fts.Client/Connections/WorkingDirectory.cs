using Fts.Client.Listings;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>A folder that the connections of a client work in, so that relative paths count from it. Compared by reference.</summary>
/// <param name="parent">The folder in which CWD was sent; null for the one the account starts in.</param>
/// <param name="argument">The argument of CWD.</param>
/// <param name="path">The path that PWD reported; null if the server did not report one.</param>
internal sealed class WorkingDirectory(WorkingDirectory? parent, string argument, string? path)
{
    /// <summary>The path that PWD reported; null if the server did not report one.</summary>
    public string? Path => path;

    /// <summary>Enters a folder (CWD), reads its path (PWD) and returns it. The connection stays in it.</summary>
    /// <exception cref="FtpReplyException">The server refuses the folder.</exception>
    public static async Task<WorkingDirectory> EnterAsync(FtpConnection connection, string argument, CancellationToken cancellationToken)
    {
        await ReadInitialDirectoryAsync(connection, cancellationToken).ConfigureAwait(false);
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
        connection.IsOutsideWorkingDirectory = true;
        FtpReply place = await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false);
        var entered = new WorkingDirectory(connection.WorkingDirectory, argument, ParsePath(place));
        (connection.WorkingDirectory, connection.IsOutsideWorkingDirectory) = (entered, false);
        return entered;
    }

    /// <summary>
    /// Enters the folder that a client works in, null for the one the account starts in. Returns false if the connection cannot reach it from its current folder.
    /// </summary>
    /// <exception cref="FtpReplyException">The server refuses the folder.</exception>
    public static async Task<bool> TrySwitchAsync(FtpConnection connection, WorkingDirectory? wanted, CancellationToken cancellationToken)
    {
        if (FindSteps(connection, wanted) is not { } steps)
        {
            return false;
        }

        foreach (string step in steps)
        {
            RemoteMetadata.RequireCompletion(await connection.SendAsync("CWD", step, cancellationToken).ConfigureAwait(false), "CWD", step);
            connection.IsOutsideWorkingDirectory = true;
        }

        (connection.WorkingDirectory, connection.IsOutsideWorkingDirectory) = (wanted, false);
        return true;
    }

    /// <summary>Enters a folder for one listing; null if it worked, else the negative reply. <see cref="ReturnAsync"/> returns to the working folder.</summary>
    public static async Task<FtpReply?> EnterTemporarilyAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        // The path may be relative to the working folder.
        await ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
        await ReadInitialDirectoryAsync(connection, cancellationToken).ConfigureAwait(false);
        FtpReply reply = await connection.SendAsync("CWD", path, cancellationToken).ConfigureAwait(false);
        connection.IsOutsideWorkingDirectory |= reply.IsCompletion;
        return reply.IsCompletion ? null : reply;
    }

    /// <summary>
    /// Returns to the working folder after a visit. If that is impossible, the connection is closed, because a relative path would name another file.
    /// </summary>
    public static async Task ReturnAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        if (!connection.IsOutsideWorkingDirectory)
        {
            return;
        }

        try
        {
            if (await TrySwitchAsync(connection, connection.WorkingDirectory, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
        catch (FtpReplyException)
        {
            // The folder is gone, or may not be entered again.
        }

        connection.CloseImmediately();
    }

    /// <summary>Returns what identifies a path on the server: with the working folder's path, if the path is relative.</summary>
    public static string GetPathIdentity(FtpConnection connection, string path) =>
        connection.WorkingDirectory is null || path.StartsWith('/') ? path : RemotePath.Join(connection.WorkingDirectory.Path ?? string.Join('/', FindSteps(null, connection.WorkingDirectory) ?? []), path);

    /// <summary>
    /// Returns the path of a 257 reply: the quoted one (RFC 959 appendix II), or the first words of a reply without quotes. Returns null if there is none.
    /// </summary>
    public static string? ParsePath(FtpReply reply)
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

    private static List<string>? FindSteps(FtpConnection? connection, WorkingDirectory? wanted)
    {
        var steps = new List<string>();
        for (WorkingDirectory? directory = wanted; directory is not null; directory = directory.ParentDirectory)
        {
            if ((directory.Path ?? (directory.Argument.StartsWith('/') ? directory.Argument : null)) is { } path)
            {
                steps.Insert(0, path);
                return steps;
            }

            if (connection is { IsOutsideWorkingDirectory: false } && ReferenceEquals(directory, connection.WorkingDirectory))
            {
                return steps;
            }

            steps.Insert(0, directory.Argument);
        }

        if (connection is null || (connection.WorkingDirectory is null && !connection.IsOutsideWorkingDirectory))
        {
            return steps;
        }

        if (connection.ServerProfile.InitialDirectory is not { Length: > 0 } start)
        {
            return null;
        }

        steps.Insert(0, start);
        return steps;
    }

    /// <summary>Reads the path of the start folder before the first CWD, so that the connection can return.</summary>
    private static async Task ReadInitialDirectoryAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        if (connection.ServerProfile.InitialDirectory is null && connection.WorkingDirectory is null && !connection.IsOutsideWorkingDirectory)
        {
            connection.ServerProfile.InitialDirectory = ParsePath(await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false)) ?? "";
        }
    }

    private WorkingDirectory? ParentDirectory => parent;

    private string Argument => argument;
}
