using Fts.Accounts.Events;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Storage;

namespace Fts.Administration.Events;

/// <summary>The <c>fts log</c> subcommand. It prints who did what with a file, or what an account or a client did.</summary>
internal static class LogCommand
{
    /// <summary>The arguments, options and help page of <c>fts log</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("log", 1, new HelpPage
    {
        Usage = ["fts log PATH [options]", "fts log --user NAME [options]", "fts log --from IP [options]"],
        Purpose = "Prints who did what with a file or folder, from the events that a server with --events recorded.",
        Examples =
        [
            new("fts log /in/report.pdf", "print all events about a file, also under its earlier names"),
            new("fts log /in --user ann --since 7d", "print what ann did in a folder within a week"),
            new("fts log --from 192.0.2.7", "print what clients with this address did"),
        ],
        Arguments = [new("PATH", "the path of a file or folder, as clients use it")],
        OptionGroups = [EventOptions.ForLog, AdministrationCommand.OutputOptions, AdministrationCommand.StateOptions],
        ExitCodes = EventAccess.ExitCodes,
        Notes =
        [
            "If accounts have home folders of their own, the same path is another file for each of them. Use --user then.",
            "The events of an account include the changes of its settings. fts events list --type account_changed prints the changes of " +
            "groups, too.",
        ],
    });

    /// <summary>Prints the events.</summary>
    /// <exception cref="UserErrorException">An argument is invalid, or the events cannot be read.</exception>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var line = new CommandLine(Definition, args);
        EventFilter filter = EventOptions.Parse(line) with { Path = line.Arguments.Count == 0 ? null : ParsePath(line.Arguments[0]) };
        if (filter is { Path: null, Account: null, Address: null })
        {
            throw CommandLine.CreateUsageError("log: a path, --user or --from is missing", null, Definition.Usage);
        }

        return EventAccess.RunAsync(line, async access =>
        {
            await access.PrintAsync(filter, line.HasOption(AdministrationCommand.JsonOption));
            return ExitCode.Success;
        });
    }

    private static StorePath ParsePath(string text) =>
        StorePath.Root.Resolve(text) ?? throw CommandLine.CreateUsageError($"'{text}' is not a path");
}
