using Fts.Accounts.Events;
using Microsoft.Extensions.Logging;

namespace Fts.Accounts.Delivery;

/// <summary>Delivers events to one target. Several queues are served at the same time, but each by one turn only.</summary>
/// <param name="target">The target.</param>
/// <param name="options">The options.</param>
/// <param name="stopping">Cancelled when no further delivery must start.</param>
/// <param name="aborting">Cancelled when running deliveries must end.</param>
internal sealed class TargetWorker(
    IEventTarget target, EventDeliveryOptions options, CancellationToken stopping, CancellationToken aborting)
{
    private const int MaxEventsPerTransaction = 500;

    /// <summary>The number of events of one account after which other accounts have a turn.</summary>
    private const int MaxEventsPerTurn = 32;

    /// <summary>How long a turn of one account lasts, so that slow deliveries do not delay the events of other accounts.</summary>
    private static readonly TimeSpan MaxTurnTime = TimeSpan.FromSeconds(1);

    /// <summary>The time between two checks for events of other processes, for example of <c>fts events replay</c>.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    /// <summary>The time after a failure of the database.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _busyAccounts = []; // protected by the lock
    private readonly List<Task> _turns = []; // used by the loop only
    private TaskCompletionSource _wake = CreateSignal(); // protected by the lock
    private volatile bool _hasFailed; // the loop and the turns set it; only suppresses repeated log lines

    private IDeliveryDatabase Database => options.Database;

    private ILogger Logger => options.Logger;

    private TimeProvider Clock => options.TimeProvider;

    /// <summary>Checks for new events and due deliveries at once.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            _wake.TrySetResult();
        }
    }

    /// <summary>Delivers until the delivery stops. Returns after all turns have ended. Throws no exception.</summary>
    public async Task RunAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            Task wake;
            lock (_lock)
            {
                wake = (_wake = CreateSignal()).Task;
            }

            try
            {
                TimeSpan pause = await StartTurnsAsync().ConfigureAwait(false);
                _hasFailed = false;
                await WaitAsync(wake, pause).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                ReportFailure(e);
                await WaitAsync(Task.Delay(Timeout.Infinite, stopping), RetryInterval).ConfigureAwait(false);
            }
        }

        await Task.WhenAll(_turns).ConfigureAwait(false);
    }

    private static TaskCompletionSource CreateSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Moves new events into queues, and starts a turn for each due queue. Returns the time until the next check.</summary>
    private async ValueTask<TimeSpan> StartTurnsAsync()
    {
        DateTimeOffset now = Clock.GetUtcNow();
        bool hasMore = await Database.EnqueueAsync(
            target.Name, options.Types, MaxEventsPerTransaction, now, stopping).ConfigureAwait(false);
        _turns.RemoveAll(turn => turn.IsCompleted);
        DueQueues due = await Database.ReadDueAsync(target.Name, now, 2 * options.MaxParallel, stopping).ConfigureAwait(false);
        bool isFull = false;
        foreach (string account in due.Accounts)
        {
            lock (_lock)
            {
                isFull = _busyAccounts.Count >= options.MaxParallel;
                if (isFull || !_busyAccounts.Add(account))
                {
                    continue;
                }
            }

            _turns.Add(Task.Run(() => RunTurnAsync(account), CancellationToken.None));
        }

        if (hasMore && !isFull)
        {
            return TimeSpan.Zero;
        }

        TimeSpan untilNext = due.NextTime is { } next ? next - now : CheckInterval;
        return untilNext < CheckInterval ? untilNext : CheckInterval;
    }

    /// <summary>Waits for a signal, for a time, or until the delivery stops.</summary>
    private async Task WaitAsync(Task signal, TimeSpan time)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(signal, Task.Delay(time, Clock, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Delivers the events of one account until its queue is empty or waits, or its turn is over. Throws no exception.</summary>
    private async Task RunTurnAsync(string account)
    {
        bool isNext = true;
        try
        {
            QueuedEvent? queued = await Database.ReadFirstAsync(target.Name, account, stopping).ConfigureAwait(false);
            long startedAt = Clock.GetTimestamp();
            for (int count = 0; queued is not null && count < MaxEventsPerTurn && !stopping.IsCancellationRequested; count++)
            {
                if (count > 0 && Clock.GetElapsedTime(startedAt) > MaxTurnTime)
                {
                    break;
                }

                queued = await DeliverAsync(queued).ConfigureAwait(false);
            }

            if (queued is not null)
            {
                await Database.YieldAsync(target.Name, account, Clock.GetUtcNow(), stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The event stays in its queue.
        }
        catch (Exception e)
        {
            ReportFailure(e);
            isNext = false; // the queue is due again at the next check, not at once
        }

        lock (_lock)
        {
            _busyAccounts.Remove(account);
            if (isNext)
            {
                _wake.TrySetResult();
            }
        }
    }

    /// <summary>Delivers an event, and stores the outcome. Returns the next event of the queue.</summary>
    private async ValueTask<QueuedEvent?> DeliverAsync(QueuedEvent queued)
    {
        DeliveryResult result;
        try
        {
            // A replay can put an event of any type into a queue.
            result = options.Types?.Contains(queued.Stored.Event.Type) == false
                ? DeliveryResult.Delivered
                : await target.DeliverAsync(queued.Stored, aborting).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (aborting.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            result = new DeliveryResult(e.Message);
        }

        DeliveryMark mark = CreateMark(queued, result);
        while (true)
        {
            try
            {
                // The outcome is stored even if the delivery stops, because otherwise the event would be delivered again.
                return await Database.MarkAsync(queued, mark, CancellationToken.None).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                ReportFailure(e);
                await Task.Delay(RetryInterval, Clock, aborting).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Returns what is stored for a result, and logs it.</summary>
    private DeliveryMark CreateMark(QueuedEvent queued, DeliveryResult result)
    {
        (long id, string account, int attempt) = (queued.Stored.Id, queued.Account.Length > 0 ? queued.Account : "-", queued.Attempts + 1);
        DateTimeOffset now = Clock.GetUtcNow();
        if (result.Error is null)
        {
            if (queued.Attempts > 0)
            {
                DeliveryLog.DeliveryRecovered(Logger, id, account, target.Name, queued.Attempts);
            }

            DeliveryLog.Delivered(Logger, id, account, target.Name, result.Output);
            return new DeliveryMark(DeliveryOutcome.Delivered, null, now);
        }

        string reason = AccountEvent.EscapeText(result.Output.Length > 0 ? $"{result.Error}: {result.Output}" : result.Error);
        if (attempt >= options.MaxAttempts)
        {
            DeliveryLog.EventDead(Logger, id, account, target.Name, attempt, reason);
            return new DeliveryMark(DeliveryOutcome.Dead, reason, now);
        }

        if (attempt == 1)
        {
            DeliveryLog.DeliveryFailed(Logger, id, account, target.Name, reason);
        }
        else
        {
            DeliveryLog.DeliveryRepeated(Logger, attempt, id, account, target.Name, reason);
        }

        DateTimeOffset next = now + DeliverySchedule.GetPause(attempt, options.NextRandom());
        return new DeliveryMark(DeliveryOutcome.Failed, reason, now, next);
    }

    /// <summary>Logs the first of several failures of the database.</summary>
    private void ReportFailure(Exception failure)
    {
        if (!_hasFailed)
        {
            DeliveryLog.QueueFailed(Logger, target.Name, failure.Message);
        }

        _hasFailed = true;
    }
}
