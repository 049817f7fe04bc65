using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Delivery;
using Fts.Cli;
using Fts.Protocol;
using Fts.Serving.Accounts;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Delivery;

/// <summary>
/// The delivery of events of <c>fts server</c>. Started after the sandbox, because it starts threads. The caller disposes it before the
/// state directory and the runner.
/// </summary>
internal sealed class ServerDelivery : IAsyncDisposable
{
    /// <summary>The names of the targets, which the database and <c>fts events</c> use.</summary>
    public const string ProgramName = "program", WebhookName = "webhook";

    private static readonly Action<ILogger, Exception?> LogRunnerEnded = LoggerMessage.Define(
        LogLevel.Error, new EventId(210, "DeliveryStopped"),
        "the process that delivers events has ended; the events stay in the database, restart the server to deliver them");

    private static readonly Action<ILogger, long, string, string, Exception?> LogEventsWaiting =
        LoggerMessage.Define<long, string, string>(
            LogLevel.Warning, new EventId(206, "EventsWaiting"),
            "up to {Count} earlier events are delivered to the {Target} {Receiver}; fts events skip discards them");

    private readonly EventDelivery _delivery;

    private ServerDelivery(EventDelivery delivery) => _delivery = delivery;

    /// <summary>Adds the targets to the database and starts to deliver.</summary>
    /// <param name="settings">The settings, with at least one target.</param>
    /// <param name="secret">The secret of the web hook, or null if there is none.</param>
    /// <param name="openFiles">The limit on open files of the program, or null if unknown.</param>
    /// <param name="runner">The runner. The caller owns it.</param>
    /// <param name="state">The state directory.</param>
    /// <param name="loggers">Creates the loggers.</param>
    /// <exception cref="UserErrorException">The database or the runner cannot be used.</exception>
    public static async Task<ServerDelivery> StartAsync(
        DeliverySettings settings, byte[]? secret, ulong? openFiles, RunnerProcess runner, StateDirectory state, ILoggerFactory loggers)
    {
        try
        {
            ILogger logger = loggers.CreateLogger("fts");
            var setup = new RunnerSetup(
                settings.Command, settings.TimeLimit.TotalSeconds, settings.Webhook?.AbsoluteUri, secret, openFiles);
            await runner.ConnectAsync(setup, () => LogRunnerEnded(logger, null));
            EventDelivery delivery = await EventDelivery.OpenAsync(
                new EventDeliveryOptions
                {
                    Database = new SqlDeliveryDatabase(state.Database),
                    Targets = [.. settings.TargetNames.Select(name => new RunnerTarget(name, runner))],
                    Types = settings.Types.Count > 0 ? settings.Types : null,
                    MaxAttempts = settings.MaxAttempts,
                    Logger = loggers.CreateLogger<EventDelivery>(),
                },
                CancellationToken.None);
            LogWaiting(logger, settings, new SqlDeliveryAdministration(state.Database).ReadTargets());
            delivery.Start();
            return new ServerDelivery(delivery);
        }
        catch (IOException e)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot deliver events: {e.Message}");
        }
    }

    /// <summary>Logs how many events a target receives that were recorded before this start.</summary>
    private static void LogWaiting(ILogger logger, DeliverySettings settings, IReadOnlyList<TargetState> targets)
    {
        foreach (TargetState target in targets.Where(target => target.Pending > 0 && settings.TargetNames.Contains(target.Name)))
        {
            string receiver = target.Name == ProgramName ? settings.Command[0] : settings.Webhook!.GetLeftPart(UriPartial.Path);
            LogEventsWaiting(logger, target.Pending, target.Name, receiver.ToPrintable(), null);
        }
    }

    /// <summary>Delivers new events at once. Throws no exception.</summary>
    public void Wake() => _delivery.Wake();

    public ValueTask DisposeAsync() => _delivery.DisposeAsync();

    private sealed class RunnerTarget(string name, RunnerProcess runner) : IEventTarget
    {
        public string Name => name;

        public async ValueTask<DeliveryResult> DeliverAsync(StoredEvent stored, CancellationToken cancellationToken) =>
            await runner.DeliverAsync(name, stored, cancellationToken);
    }
}
