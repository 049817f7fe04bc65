using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Thrown if the target of a transfer exists and must not be replaced, or cannot be resumed because its content differs or cannot be
/// verified. The target was not changed.
/// </summary>
public sealed class FtpTargetExistsException : FtpException
{
    /// <summary>Creates the exception for a target that must not be replaced.</summary>
    /// <param name="path">The path of the target: remote for an upload, local for a download.</param>
    public FtpTargetExistsException(string path)
        : base($"{path.ToPrintable()} already exists") => Path = path;

    /// <summary>Creates the exception for a target that cannot be resumed.</summary>
    /// <param name="path">The path of the target: remote for an upload, local for a download.</param>
    /// <param name="reason">The reason: a clause that completes "PATH already exists, and …".</param>
    internal FtpTargetExistsException(string path, string reason)
        : base($"{path.ToPrintable()} already exists, and {reason}") => Path = path;

    /// <summary>The path of the target: remote for an upload, local for a download.</summary>
    public string Path { get; }
}
