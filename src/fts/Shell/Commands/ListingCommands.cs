using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The commands that list remote folders.</summary>
internal static class ListingCommands
{
    private const string Long = "-l", Units = "-h", ByTime = "-t", BySize = "-S", Reversed = "-r", All = "-a", SingleColumn = "-1";

    /// <summary>The options of <c>ls</c> and <c>dir</c>. They can be combined: <c>-lht</c>.</summary>
    public static IReadOnlyList<ShellOption> Options { get; } =
    [
        new(Long, "one entry per line: kind, mode, size in bytes, time in UTC, name"),
        new(Units, "with -l: sizes with units, such as 1.23 MB"),
        new(ByTime, "sort by time, the newest first"),
        new(BySize, "sort by size, the largest first"),
        new(Reversed, "reverse the order"),
        new(SingleColumn, "one name per line"),
        new(All, "no effect: names that start with a dot are always listed"),
    ];

    /// <summary>
    /// <c>ls</c> prints the names of a folder in columns on a terminal. With <c>-l</c>, and without a terminal, it prints one line per
    /// entry: kind, size in bytes, time in UTC, name.
    /// </summary>
    public static Task<ExitCode> LsAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken) =>
        ListAsync(shell, arguments, arguments.HasOption(Long) || !shell.Terminal.IsDataTerminal, cancellationToken);

    /// <summary><c>dir</c> prints one line per entry, also on a terminal.</summary>
    public static Task<ExitCode> DirAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken) =>
        ListAsync(shell, arguments, isLong: true, cancellationToken);

    /// <summary>
    /// <c>nlist</c> prints one name per line, for scripts. A listing line in an unknown format is skipped, and the exit code is
    /// <see cref="ExitCode.SomeFailed"/>.
    /// </summary>
    public static async Task<ExitCode> NlistAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await GetEntriesAsync(shell, arguments, cancellationToken);
        foreach (FtpEntry entry in entries.Where(entry => !RemoteFileFinder.IsUnreadable(entry)))
        {
            shell.Terminal.WriteData(FtpName.Escape(entry.Name));
        }

        return UnreadableLineWarnings.WriteWarnings(shell, "nlist", entries.FindAll(RemoteFileFinder.IsUnreadable));
    }

    private static async Task<ExitCode> ListAsync(
        ClientShell shell, CommandArguments arguments, bool isLong, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await GetEntriesAsync(shell, arguments, cancellationToken);
        List<FtpEntry> unreadable = entries.FindAll(RemoteFileFinder.IsUnreadable);
        IReadOnlyList<FtpEntry> sorted = ListingFormatter.Sort(
            entries.FindAll(entry => !RemoteFileFinder.IsUnreadable(entry)),
            arguments.HasOption(ByTime),
            arguments.HasOption(BySize),
            arguments.HasOption(Reversed));
        var colors = new ListingColors(Environment.GetEnvironmentVariable("LS_COLORS"));
        var formatter = new ListingFormatter(
            (entry, name) => colors.Find(entry) is { } sgr ? shell.Terminal.ColorizeData(sgr, name) : name);
        // A listing line in an unknown format follows the entries, unchanged.
        IReadOnlyList<string> lines = (isLong && !arguments.HasOption(SingleColumn)) switch
        {
            true => formatter.FormatLong([.. sorted, .. unreadable], arguments.HasOption(Long), arguments.HasOption(Units)),
            _ => [.. formatter.FormatColumns(sorted, arguments.HasOption(SingleColumn) ? 1 : Terminal.Width),
                .. formatter.FormatColumns(unreadable, 1)],
        };
        foreach (string line in lines)
        {
            shell.Terminal.WriteData(line);
        }

        // The unreadable lines were printed, so the command succeeded.
        UnreadableLineWarnings.WriteWarnings(shell, "ls", unreadable);
        return ExitCode.Success;
    }

    /// <summary>
    /// Returns the entries of a folder, the entries that match a pattern, or the entry of a single file. The entries are sorted by name.
    /// The unreadable lines follow.
    /// </summary>
    private static async Task<List<FtpEntry>> GetEntriesAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        ShellWord name = arguments.Count == 0 ? new ShellWord("") : arguments[0];
        if (name.IsPattern)
        {
            List<FtpEntry> matches = await RemoteFileFinder.MatchAsync(shell, name, cancellationToken);
            return matches.Exists(entry => !RemoteFileFinder.IsUnreadable(entry))
                ? matches
                : throw new UserErrorException(ExitCode.NotFound, $"no remote file matches {name}", "ls, to list the folder");
        }

        try
        {
            return await RemoteFileFinder.ListAsync(shell, name, cancellationToken);
        }
        catch (FtpReplyException) when (name.Text.Trim('/').Length > 0)
        {
            // The name may be a file. Servers reply differently to LIST and MLSD of a file, so the client requests the entry of the file.
            FtpEntry? entry = await shell.Client.GetEntryAsync(shell.CurrentDirectory.Resolve(name), cancellationToken);
            if (entry is { Kind: not FtpEntryKind.Directory })
            {
                return [entry];
            }

            throw;
        }
    }
}
