using System.CommandLine;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql.Delivery;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Accounts;

namespace Fts.Administration.Events;

/// <summary>The database of the deliveries, for one command. Its errors are errors for the user.</summary>
internal static class EventDatabase
{
    /// <summary>The option with the name of a target.</summary>
    public static Option<string> TargetOption { get; } = new("--target")
    {
        HelpName = "TARGET",
        Description = "program or webhook; default: both",
    };

    /// <summary>The exit codes of the actions.</summary>
    public static IReadOnlyList<HelpRow> ExitCodes { get; } =
    [
        new("0", "success"),
        new("2", "usage error"),
        new("6", "no server has delivered events to this target, or no event has this number"),
        new("11", "the database cannot be used"),
    ];

    /// <summary>Runs a call on the database of the state directory that the command line selects.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="target">The name of a target, which must exist, or null.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="UserErrorException">There is no such target, or the database cannot be used.</exception>
    public static T Run<T>(CommandLine line, string? target, Func<SqlDeliveryAdministration, T> call)
    {
        string path = StateDirectory.GetPath(line);
        if (!StateDirectory.HasDatabase(path))
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"no server has used the state directory {path}",
                "--state DIR, to name the state directory of the server");
        }

        using StateDirectory state = StateDirectory.Open(path);
        try
        {
            var database = new SqlDeliveryAdministration(state.Database);
            string[] names = [.. database.ReadTargets().Select(known => known.Name)];
            if (target is not null && !names.Contains(target))
            {
                throw new UserErrorException(
                    ExitCode.NotFound, $"no server has delivered events to the target {target}",
                    names.Length > 0 ? $"--target {string.Join(" or ", names)}" : "fts help server, for --on-event and --webhook");
            }

            return call(database);
        }
        catch (AccountDatabaseException e)
        {
            throw StateDirectory.CreateError(e);
        }
    }
}
