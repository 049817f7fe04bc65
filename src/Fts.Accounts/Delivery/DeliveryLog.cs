using Microsoft.Extensions.Logging;

namespace Fts.Accounts.Delivery;

/// <summary>The log messages of the delivery of events.</summary>
internal static partial class DeliveryLog
{
    [LoggerMessage(8100, LogLevel.Warning, "cannot deliver event {Id} (account {Account}) to {Target}, will retry: {Reason}")]
    public static partial void DeliveryFailed(ILogger logger, long id, string account, string target, string reason);

    [LoggerMessage(8101, LogLevel.Debug, "attempt {Attempt} to deliver event {Id} (account {Account}) to {Target} failed: {Reason}")]
    public static partial void DeliveryRepeated(ILogger logger, int attempt, long id, string account, string target, string reason);

    [LoggerMessage(8102, LogLevel.Error,
        "event {Id} (account {Account}) is a dead letter: {Target} failed {Attempts} times, the last time: {Reason}")]
    public static partial void EventDead(ILogger logger, long id, string account, string target, int attempts, string reason);

    [LoggerMessage(8103, LogLevel.Information, "delivered event {Id} (account {Account}) to {Target} after {Failures} failed attempts")]
    public static partial void DeliveryRecovered(ILogger logger, long id, string account, string target, int failures);

    [LoggerMessage(8104, LogLevel.Debug, "delivered event {Id} (account {Account}) to {Target}: {Output}")]
    public static partial void Delivered(ILogger logger, long id, string account, string target, string output);

    [LoggerMessage(8105, LogLevel.Error, "cannot use the queue of events for {Target}, will retry: {Reason}")]
    public static partial void QueueFailed(ILogger logger, string target, string reason);
}
