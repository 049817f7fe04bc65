namespace Fts.Cli;

/// <summary>The exit codes of the program. The meaning of a code never changes.</summary>
internal enum ExitCode
{
    /// <summary>Success.</summary>
    Success = 0,
    /// <summary>An error that no other exit code describes.</summary>
    OtherError = 1,
    /// <summary>The command line, or a command in the shell, is invalid.</summary>
    UsageError = 2,
    /// <summary>
    /// The client cannot connect, or lost the connection outside a transfer, or the server cannot listen on its address.
    /// </summary>
    CannotConnect = 3,
    /// <summary>The login failed.</summary>
    LoginFailed = 4,
    /// <summary>TLS failed or is not supported, or the server is not trusted.</summary>
    NotTrusted = 5,
    /// <summary>A remote or local file or folder does not exist, or <c>fts trust</c> does not find the server.</summary>
    NotFound = 6,
    /// <summary>The server denied permission.</summary>
    PermissionDenied = 7,
    /// <summary>A transfer failed.</summary>
    TransferFailed = 8,
    /// <summary>Some of several files or commands failed, or a listing had lines in an unknown format.</summary>
    SomeFailed = 9,
    /// <summary>The contents of the local and the remote file differ, or could not be compared.</summary>
    ContentMismatch = 10,
    /// <summary>A local file cannot be read or written.</summary>
    LocalFileError = 11,
    /// <summary>The server has no space left, or a quota is exceeded.</summary>
    NoSpace = 12,
    /// <summary>SIGHUP ended the program, because the terminal was closed.</summary>
    HungUp = 129,
    /// <summary>Ctrl-C ended the program or the command.</summary>
    Interrupted = 130,
    /// <summary>SIGTERM ended the program.</summary>
    Terminated = 143,
}
