using Fts.Storage;

namespace Fts.Server.Sessions;

/// <summary>The parameters that REST, RANG, ALLO, RNFR and SITE CPFR set for a later command of the same session.</summary>
internal sealed record SequenceParameters
{
    /// <summary>No parameters.</summary>
    public static readonly SequenceParameters None = new();

    /// <summary>The byte offset at which the transfer or the hash starts (REST, RANG).</summary>
    public long RestartOffset { get; init; }

    /// <summary>The offset of the last byte of the range (RANG), or null if the range ends with the file.</summary>
    public long? RangeEnd { get; init; }

    /// <summary>The size of the upload in bytes, as announced by ALLO, or null.</summary>
    public long? AnnouncedLength { get; init; }

    /// <summary>The path that RNTO renames, as set by RNFR, or null.</summary>
    public StorePath? RenameSource { get; init; }

    /// <summary>The file that SITE CPTO copies, as set by SITE CPFR, or null.</summary>
    public StorePath? CopySource { get; init; }
}

/// <summary>
/// Passes parameters from one command to a later command, for example from RNFR to RNTO, or from REST to STOR (RFC 959 §5.4).
/// </summary>
/// <remarks>
/// Lifetime of a parameter: a command sets it in <see cref="Next"/>. The parameter stays there during commands with the rule
/// <see cref="Commands.CommandRules.PreservesSequence"/>, for example TYPE or PASV. The first command without that rule receives it in
/// <see cref="Current"/>. The second such command discards it, even if the first one failed or did not use it. USER, REIN and AUTH
/// discard all parameters. Only the session's loop and its running handler use this object.
/// </remarks>
internal sealed class CommandSequence
{
    /// <summary>The parameters for the running command.</summary>
    public SequenceParameters Current { get; private set; } = SequenceParameters.None;

    /// <summary>The parameters for the next command.</summary>
    public SequenceParameters Next { get; set; } = SequenceParameters.None;

    /// <summary>Starts a command: moves the parameters in <see cref="Next"/> to <see cref="Current"/>.</summary>
    public void Advance() => (Current, Next) = (Next, SequenceParameters.None);

    /// <summary>Discards all parameters.</summary>
    public void Clear() => (Current, Next) = (SequenceParameters.None, SequenceParameters.None);
}
