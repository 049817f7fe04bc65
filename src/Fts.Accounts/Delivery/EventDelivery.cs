using Fts.Accounts.Events;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Accounts.Delivery;

/// <summary>The options of <see cref="EventDelivery"/>.</summary>
public sealed record EventDeliveryOptions
{
    /// <summary>The queues. The caller disposes it after the delivery.</summary>
    public required IDeliveryDatabase Database { get; init; }

    /// <summary>The targets, with different names.</summary>
    public required IReadOnlyList<IEventTarget> Targets { get; init; }

    /// <summary>The types of events that are delivered, or null for all. Default: null.</summary>
    public IReadOnlyCollection<EventType>? Types { get; init; }

    /// <summary>The number of deliveries after which an event is a dead letter.</summary>
    public int MaxAttempts { get; init; } = DeliverySchedule.DefaultMaxAttempts;

    /// <summary>The maximum number of deliveries to a target at the same time, each for another account. Default: 4.</summary>
    public int MaxParallel { get; init; } = 4;

    /// <summary>How long running deliveries have to finish when the delivery stops. Default: 5 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The logger. Default: none.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock. Default: the system clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Returns random numbers from 0 to 1 for the pauses between deliveries.</summary>
    public Func<double> NextRandom { get; init; } = Random.Shared.NextDouble;
}

/// <summary>
/// Delivers stored events to targets in the background: each event at least once, and the events of an account in order. An event that a
/// target does not accept delays only the later events of the same account for that target.
/// </summary>
public sealed class EventDelivery : IAsyncDisposable
{
    private readonly EventDeliveryOptions _options;
    private readonly TargetWorker[] _workers;
    private readonly CancellationTokenSource _stopping = new(), _aborting = new();
    private Task _running = Task.CompletedTask;
    private bool _isDisposed;

    private EventDelivery(EventDeliveryOptions options)
    {
        _options = options;
        _workers = [.. options.Targets.Select(target => new TargetWorker(target, options, _stopping.Token, _aborting.Token))];
    }

    /// <summary>
    /// Adds new targets to the database. They receive the events from now on. Delivers nothing before <see cref="Start"/>.
    /// </summary>
    /// <exception cref="IOException">The database cannot be used.</exception>
    public static async Task<EventDelivery> OpenAsync(EventDeliveryOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (IEventTarget target in options.Targets)
        {
            await options.Database.AddTargetAsync(target.Name, cancellationToken).ConfigureAwait(false);
        }

        return new EventDelivery(options);
    }

    /// <summary>Starts to deliver events. Called once.</summary>
    public void Start() => _running = Task.WhenAll(_workers.Select(worker => Task.Run(worker.RunAsync)));

    /// <summary>Delivers new events at once, instead of at the next check after a second.</summary>
    public void Wake()
    {
        foreach (TargetWorker worker in _workers)
        {
            worker.Wake();
        }
    }

    /// <summary>
    /// Stops the delivery. Running deliveries have some time to finish, and are then cancelled. Other events stay in their queues.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        using (var waiting = new CancellationTokenSource())
        {
            Task timeout = Task.Delay(_options.StopTimeout, _options.TimeProvider, waiting.Token);
            await Task.WhenAny(_running, timeout).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
        }

        await _aborting.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stopping.Dispose();
        _aborting.Dispose();
    }
}
