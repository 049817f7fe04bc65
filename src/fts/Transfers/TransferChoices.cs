using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary>What a transfer does with a file that is there already.</summary>
internal enum IfThere
{
    /// <summary>Nobody said: put replaces it, as FTP clients always have; get asks, or fails where there is nobody to ask.</summary>
    Unsaid,
    /// <summary>Replace it.</summary>
    Overwrite,
    /// <summary>Leave it, which is no failure.</summary>
    Skip,
    /// <summary>Go on from it, if it is the beginning.</summary>
    Resume,
}

/// <summary>What was said on the command line for every transfer of a session; an option of a command goes before it.</summary>
internal sealed record TransferChoices(IfThere IfThere, FtpVerification Verify, int? Segments)
{
    /// <summary>Whether line ends are converted.</summary>
    public FtpTransferType Type { get; init; }

    /// <summary>More do not make it faster, and servers turn them away.</summary>
    private const int MostSegments = 16;

    /// <summary>The same three for <c>put</c>, <c>get</c> and <c>fts client</c>.</summary>
    public static IReadOnlyList<ShellOption> Options { get; } =
    [
        new("--overwrite", "replace a file that is there already"),
        new("--skip", "leave it"),
        new("--resume", "go on from it, or from what a transfer that broke off left"),
    ];

    /// <summary>Refuses what ASCII mode cannot do: converted files have other lengths and hashes on both sides.</summary>
    /// <exception cref="FailureException">An option excludes ASCII mode.</exception>
    public void Validate()
    {
        string? other = Type != FtpTransferType.Ascii ? null
            : IfThere == IfThere.Resume ? "--resume"
            : Verify == FtpVerification.ByHash ? "--verify always"
            : Segments > 1 ? $"--segments {Segments}"
            : null;
        if (other is not null)
        {
            throw new FailureException(ExitCode.Usage, $"{other} does not work in ASCII mode, because the file has another length on the server", "type binary, or omit --ascii");
        }
    }

    /// <summary>The value of <c>--segments</c>; null for auto.</summary>
    public static int? SegmentsFrom(string? text) => text switch
    {
        null or "auto" => null,
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= MostSegments => number,
        _ => throw CommandLine.Usage($"--segments {text}: must be auto or a number from 1 to {MostSegments}"),
    };

    /// <summary>The one that was given.</summary>
    /// <param name="has">Whether an option was given.</param>
    /// <param name="otherwise">What counts when none was.</param>
    /// <exception cref="FailureException">More than one.</exception>
    public static IfThere From(Func<string, bool> has, IfThere otherwise)
    {
        string[] given = [.. Options.Select(option => option.Name).Where(has)];
        return given switch
        {
            [] => otherwise,
            ["--overwrite"] => IfThere.Overwrite,
            ["--skip"] => IfThere.Skip,
            ["--resume"] => IfThere.Resume,
            _ => throw new FailureException(ExitCode.Usage, $"{string.Join(" and ", given)} exclude each other"),
        };
    }
}
