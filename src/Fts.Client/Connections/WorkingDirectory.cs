using Fts.Client.Listings;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>The working directory of a client, against which relative paths are resolved. Instances are compared by reference.</summary>
/// <param name="parent">The directory in which CWD was sent; null for the initial directory of the account.</param>
/// <param name="argument">The argument of CWD.</param>
/// <param name="path">The path that PWD reported, or null if the server did not report one.</param>
internal sealed class WorkingDirectory(WorkingDirectory? parent, string argument, string? path)
{
    /// <summary>The path that PWD reported, or null if the server did not report one.</summary>
    public string? Path => path;

    /// <summary>
    /// Enters a directory (CWD), reads its path (PWD), and makes it the working directory of the connection. Returns the working directory.
    /// If the server permanently rejects <c>CWD ..</c>, enters the parent directory with CDUP.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejects the directory.</exception>
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

        // If PWD is cancelled before it is sent, the connection stays usable, but in a directory other than the client's working directory.
        connection.IsOutsideWorkingDirectory = true;
        FtpReply pwd = await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false);
        var entered = new WorkingDirectory(connection.WorkingDirectory, argument, ParsePath(pwd));
        (connection.WorkingDirectory, connection.IsOutsideWorkingDirectory) = (entered, false);
        return entered;
    }

    /// <summary>
    /// Switches the connection to the working directory of the client (CWD). Returns false if the server does not report paths and the
    /// commands to reach the directory are therefore unknown.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="wanted">The working directory; null for the initial directory of the account.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FtpReplyException">The server rejects CWD.</exception>
    public static async Task<bool> TrySwitchAsync(FtpConnection connection, WorkingDirectory? wanted, CancellationToken cancellationToken)
    {
        if (GetCwdArguments(connection, wanted) is not { } arguments)
        {
            return false;
        }

        foreach (string step in arguments)
        {
            RemoteMetadata.RequireCompletion(await connection.SendAsync("CWD", step, cancellationToken).ConfigureAwait(false), "CWD", step);
            connection.IsOutsideWorkingDirectory = true;
        }

        (connection.WorkingDirectory, connection.IsOutsideWorkingDirectory) = (wanted, false);
        return true;
    }

    /// <summary>
    /// Enters a directory temporarily, for example for one listing. Returns the negative reply, or null on success.
    /// <see cref="ReturnAsync"/> returns to the working directory.
    /// </summary>
    public static async Task<FtpReply?> EnterTemporarilyAsync(FtpConnection connection, string path, CancellationToken cancellationToken)
    {
        // A relative path refers to the working directory, so the connection must be in that directory.
        await ReturnAsync(connection, cancellationToken).ConfigureAwait(false);
        await ReadInitialDirectoryAsync(connection, cancellationToken).ConfigureAwait(false);
        FtpReply reply = await connection.SendAsync("CWD", path, cancellationToken).ConfigureAwait(false);
        connection.IsOutsideWorkingDirectory |= reply.IsCompletion;
        return reply.IsCompletion ? null : reply;
    }

    /// <summary>
    /// Returns to the working directory after <see cref="EnterTemporarilyAsync"/>. If that fails, closes the connection, because relative
    /// paths would refer to other files.
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
            // The directory was deleted, or its permissions changed.
        }

        connection.CloseImmediately();
    }

    /// <summary>
    /// Returns a key that identifies a path on the server. A relative path is joined to the path of the working directory.
    /// </summary>
    public static string GetPathIdentity(FtpConnection connection, string path) =>
        connection.WorkingDirectory is not { } directory || path.StartsWith('/')
            ? path
            : RemotePath.Join(directory.Path ?? string.Join('/', GetCwdArguments(null, directory) ?? []), path);

    /// <summary>
    /// Returns the path in a 257 reply, or null if the reply contains no path. The path is quoted (RFC 959 appendix II), or is at the start
    /// or the end of a reply without quotes.
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

        foreach (string separator in (string[])[" is ", " current", " working", " - "])
        {
            int end = text.IndexOf(separator, StringComparison.OrdinalIgnoreCase);
            text = end > 0 ? text[..end] : text;
        }

        text = text is ['\'', .. var inner, '\''] && inner.StartsWith('/') ? inner : text.TrimEnd('"');
        // In text such as "Current directory: /pub" the path follows the first " /".
        int slash = text.Contains(' ', StringComparison.Ordinal) && !text.StartsWith('/')
            ? text.IndexOf(" /", StringComparison.Ordinal) + 1
            : 0;
        text = text[slash..].Trim();
        return text.Length == 0 || (text.Contains(' ', StringComparison.Ordinal) && !text.StartsWith('/')) ? null : text;
    }

    /// <summary>
    /// Returns the arguments of the CWD commands that enter a working directory, or null if they are unknown. The first argument is the
    /// absolute path of the directory or, if that is unknown, the absolute path of the nearest parent. If all these paths are unknown, the
    /// first argument is relative to the current directory of the connection, or is the path of the initial directory of the account. If
    /// <paramref name="connection"/> is null, the commands start in the initial directory.
    /// </summary>
    private static List<string>? GetCwdArguments(FtpConnection? connection, WorkingDirectory? wanted)
    {
        var arguments = new List<string>();
        for (WorkingDirectory? directory = wanted; directory is not null; directory = directory.ParentDirectory)
        {
            if ((directory.Path ?? (directory.Argument.StartsWith('/') ? directory.Argument : null)) is { } path)
            {
                arguments.Insert(0, path);
                return arguments;
            }

            if (connection is { IsOutsideWorkingDirectory: false } && ReferenceEquals(directory, connection.WorkingDirectory))
            {
                return arguments;
            }

            arguments.Insert(0, directory.Argument);
        }

        if (connection is null || (connection.WorkingDirectory is null && !connection.IsOutsideWorkingDirectory))
        {
            return arguments;
        }

        if (connection.ServerProfile.InitialDirectory is not { Length: > 0 } start)
        {
            return null;
        }

        arguments.Insert(0, start);
        return arguments;
    }

    /// <summary>Reads the path of the initial directory (PWD) before the first CWD, so that the connection can return to it.</summary>
    private static async Task ReadInitialDirectoryAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        ServerProfile profile = connection.ServerProfile;
        if (profile.InitialDirectory is null && connection.WorkingDirectory is null && !connection.IsOutsideWorkingDirectory)
        {
            profile.InitialDirectory = ParsePath(await connection.SendAsync("PWD", null, cancellationToken).ConfigureAwait(false))
                ?? "";
        }
    }

    private WorkingDirectory? ParentDirectory => parent;

    private string Argument => argument;
}
