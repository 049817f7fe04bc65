using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary>What a transfer does with a file that is there already.</summary>
internal enum ExistingFileAction
{
    /// <summary>Nobody said: put replaces it, as FTP clients always have; get asks, or fails where there is nobody to ask.</summary>
    Default,
    /// <summary>Replace it.</summary>
    Overwrite,
    /// <summary>Leave it, which is no failure.</summary>
    Skip,
    /// <summary>Go on from it, if it is the beginning.</summary>
    Resume,
}

/// <summary>What was said on the command line for every transfer of a session; an option of a command goes before it.</summary>
internal sealed record TransferSettings(ExistingFileAction ExistingFile, FtpVerification Verification, int? Segments)
{
    /// <summary>Whether line ends are converted.</summary>
    public FtpTransferType Type { get; init; }

    /// <summary>More do not make it faster, and servers turn them away.</summary>
    private const int MaxSegments = 16;

    /// <summary>The same three for <c>put</c>, <c>get</c> and <c>fts client</c>.</summary>
    public static IReadOnlyList<ShellOption> Options { get; } =
    [
        new("--overwrite", "replace a file that is there already"),
        new("--skip", "leave it"),
        new("--resume", "go on from it, or from what a transfer that broke off left"),
    ];

    /// <summary>Refuses what ASCII mode cannot do: converted files have other lengths and hashes on both sides.</summary>
    /// <exception cref="UserErrorException">An option excludes ASCII mode.</exception>
    public void Validate()
    {
        string? conflict = Type != FtpTransferType.Ascii ? null
            : ExistingFile == ExistingFileAction.Resume ? "--resume"
            : Verification == FtpVerification.ByHash ? "--verify always"
            : Segments > 1 ? $"--segments {Segments}"
            : null;
        if (conflict is not null)
        {
            throw new UserErrorException(ExitCode.UsageError, $"{conflict} does not work in ASCII mode, because the file has another length on the server", "type binary, or omit --ascii");
        }
    }

    /// <summary>The value of <c>--segments</c>; null for auto.</summary>
    public static int? ParseSegments(string? text) => text switch
    {
        null or "auto" => null,
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= MaxSegments => number,
        _ => throw CommandLine.CreateUsageError($"--segments {text}: must be auto or a number from 1 to {MaxSegments}"),
    };

    /// <summary>The one that was given.</summary>
    /// <param name="hasOption">Whether an option was given.</param>
    /// <param name="defaultAction">What counts when none was.</param>
    /// <exception cref="UserErrorException">More than one.</exception>
    public static ExistingFileAction ParseExistingFileAction(Func<string, bool> hasOption, ExistingFileAction defaultAction)
    {
        string[] given = [.. Options.Select(option => option.Name).Where(hasOption)];
        return given switch
        {
            [] => defaultAction,
            ["--overwrite"] => ExistingFileAction.Overwrite,
            ["--skip"] => ExistingFileAction.Skip,
            ["--resume"] => ExistingFileAction.Resume,
            _ => throw new UserErrorException(ExitCode.UsageError, $"{string.Join(" and ", given)} exclude each other"),
        };
    }
}
