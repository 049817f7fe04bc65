using Fts.Protocol;

namespace Fts.Client;

/// <summary>The target exists and was not to be replaced, or does not fit to what was to be resumed; nothing was changed.</summary>
public sealed class FtpTargetExistsException : FtpException
{
    /// <summary>A target that exists.</summary>
    /// <param name="path">Its path: remote, or local for a download.</param>
    public FtpTargetExistsException(string path)
        : base($"{path.ToPrintable()} exists already") => Path = path;

    /// <summary>A target that exists and cannot be gone on with.</summary>
    /// <param name="path">Its path: remote, or local for a download.</param>
    /// <param name="why">Why not, as the rest of a sentence.</param>
    internal FtpTargetExistsException(string path, string why)
        : base($"{path.ToPrintable()} exists already, and {why}") => Path = path;

    /// <summary>Its path: remote, or local for a download.</summary>
    public string Path { get; }
}
