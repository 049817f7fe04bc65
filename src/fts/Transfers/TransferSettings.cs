using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Shell.Commands;
using Fts.Transfers.Retries;

namespace Fts.Transfers;

/// <summary>The action of a transfer if its target exists.</summary>
internal enum ExistingFileAction
{
    /// <summary>
    /// Not specified: <c>put</c> replaces the file, as other FTP clients do. <c>get</c> asks the user. Without a terminal,
    /// <c>get</c> fails.
    /// </summary>
    Default,
    /// <summary>Replaces the file.</summary>
    Overwrite,
    /// <summary>Keeps the file. The skipped transfer is not an error.</summary>
    Skip,
    /// <summary>Transfers the missing bytes, if the file is the beginning of the source.</summary>
    Resume,
    /// <summary>Replaces the file if the source has a later last-modified time. Keeps it otherwise.</summary>
    Update,
}

/// <summary>The settings of all transfers of a session. An option of a command replaces the setting for that command.</summary>
/// <param name="ExistingFile">The action if a target exists.</param>
/// <param name="Verification">The transfers after which hashes are compared.</param>
/// <param name="Segments">The number of connections for one file, or null if the client selects the number.</param>
internal sealed record TransferSettings(ExistingFileAction ExistingFile, FtpVerification Verification, int? Segments)
{
    /// <summary>The transfer type. ASCII converts line ends.</summary>
    public FtpTransferType Type { get; init; }

    /// <summary>The repeated attempts after transient errors. None in an interactive session, in which the user repeats commands.</summary>
    public RetryPolicy Retries { get; init; } = RetryPolicy.None;

    /// <summary>The maximum number of connections for one file. More connections are not faster, and servers may reject them.</summary>
    private const int MaxSegments = 16;

    /// <summary>The options for existing files, of <c>put</c>, <c>get</c> and <c>fts client</c>.</summary>
    public static IReadOnlyList<ShellOption> ExistingFileOptions { get; } =
    [
        new("--overwrite", "replace an existing file"),
        new("--skip", "keep an existing file"),
        new("--resume", "resume an interrupted transfer, or complete an existing file"),
        new("--update", "replace an existing file only if the source is newer"),
    ];

    /// <summary>
    /// Checks that the other settings work with the transfer type. Some do not work in ASCII mode, because ASCII mode changes the lengths
    /// and hashes of files.
    /// </summary>
    /// <exception cref="UserErrorException">A setting does not work in ASCII mode.</exception>
    public void Validate()
    {
        string? conflict = this switch
        {
            { Type: not FtpTransferType.Ascii } => null,
            { ExistingFile: ExistingFileAction.Resume } => "--resume",
            { Verification: FtpVerification.ByHash } => "--verify always",
            { Segments: > 1 } => $"--segments {Segments}",
            _ => null,
        };
        if (conflict is not null)
        {
            throw new UserErrorException(
                ExitCode.UsageError,
                $"{conflict} does not work in ASCII mode, because the file has a different length on the server",
                "type binary, or omit --ascii");
        }
    }

    /// <summary>Returns the value of <c>--segments</c>, or null for <c>auto</c>.</summary>
    /// <exception cref="UserErrorException">The value is invalid.</exception>
    public static int? ParseSegments(string? text) => text switch
    {
        null or "auto" => null,
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= MaxSegments =>
            number,
        _ => throw CommandLine.CreateUsageError($"--segments {text}: must be auto or a number from 1 to {MaxSegments}"),
    };

    /// <summary>Returns the action for existing files that an option selects.</summary>
    /// <param name="hasOption">Returns whether an option was specified.</param>
    /// <param name="defaultAction">The action if no option is specified.</param>
    /// <exception cref="UserErrorException">Several options were specified.</exception>
    public static ExistingFileAction ParseExistingFileAction(Func<string, bool> hasOption, ExistingFileAction defaultAction)
    {
        string[] given = [.. ExistingFileOptions.Select(option => option.Name).Where(hasOption)];
        return given switch
        {
            [] => defaultAction,
            ["--overwrite"] => ExistingFileAction.Overwrite,
            ["--skip"] => ExistingFileAction.Skip,
            ["--resume"] => ExistingFileAction.Resume,
            ["--update"] => ExistingFileAction.Update,
            _ => throw new UserErrorException(ExitCode.UsageError, $"{string.Join(" and ", given)} cannot be combined"),
        };
    }
}
