using Fts.Accounts.Events;

namespace Fts.Accounts.Delivery;

/// <summary>A receiver of events, for example a program or a web hook. Thread-safe.</summary>
public interface IEventTarget
{
    /// <summary>The name under which the database stores the progress of this target. It stays the same at each start.</summary>
    string Name { get; }

    /// <summary>Delivers an event once.</summary>
    /// <returns>The result. A failed delivery is repeated later.</returns>
    /// <exception cref="OperationCanceledException">
    /// The delivery was cancelled. The event may have been received, and is delivered again.
    /// </exception>
    ValueTask<DeliveryResult> DeliverAsync(StoredEvent stored, CancellationToken cancellationToken);
}

/// <summary>The result of the delivery of one event.</summary>
/// <param name="Error">The reason why the target did not accept the event, or null if it accepted the event.</param>
/// <param name="Output">The first bytes of what the target printed, as text without control characters. Empty if there is none.</param>
public sealed record DeliveryResult(string? Error, string Output = "")
{
    /// <summary>The target accepted the event.</summary>
    public static DeliveryResult Delivered { get; } = new((string?)null);
}
