namespace Fts.Cli;

/// <summary>What the program's exit code tells a script. The numbers are part of the interface and never change their meaning.</summary>
internal enum ExitCode
{
    /// <summary>Everything asked for was done.</summary>
    Success = 0,
    /// <summary>A failure none of the others names.</summary>
    OtherError = 1,
    /// <summary>The command line, or a command typed into the client, is wrong.</summary>
    UsageError = 2,
    /// <summary>The server cannot be reached; for the server: the address cannot be bound.</summary>
    CannotConnect = 3,
    /// <summary>Signing in was refused.</summary>
    LoginFailed = 4,
    /// <summary>Encryption failed or is not offered, or the server is not trusted.</summary>
    NotTrusted = 5,
    /// <summary>No such file or folder, there or here.</summary>
    NotFound = 6,
    /// <summary>The server, or the local system, forbids it.</summary>
    PermissionDenied = 7,
    /// <summary>A transfer did not complete.</summary>
    TransferFailed = 8,
    /// <summary>Some of several files or commands failed.</summary>
    SomeFailed = 9,
    /// <summary>What arrived is another content than what was sent.</summary>
    ContentMismatch = 10,
    /// <summary>A local file cannot be read or written.</summary>
    LocalFileError = 11,
    /// <summary>The server has no room left, or a quota is used up.</summary>
    NoSpace = 12,
    /// <summary>Stopped by SIGHUP: the terminal was closed.</summary>
    HungUp = 129,
    /// <summary>Stopped by Ctrl-C.</summary>
    Interrupted = 130,
    /// <summary>Stopped by SIGTERM.</summary>
    Terminated = 143,
}
