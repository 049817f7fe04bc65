using System.Globalization;

namespace Fts.Accounts.Events;

/// <summary>Checks a chain of events, one event after another. Not thread-safe.</summary>
public sealed class EventChainCheck
{
    private StoredEvent? _last;

    /// <summary>The number of the last checked event, or 0.</summary>
    public long LastId => _last?.Id ?? 0;

    /// <summary>Checks the next event, in the order of the numbers. Returns the fault, or null if the event is unchanged.</summary>
    public EventChainFault? Add(StoredEvent stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        long expectedId = LastId + 1;
        if (stored.Id != expectedId)
        {
            // Numbers begin at 1, so a smaller number was changed.
            return stored.Id < 1
                ? new EventChainFault(stored.Id, "The event was added later, or its number was changed.")
                : new EventChainFault(expectedId, "The event is missing.");
        }

        ReadOnlySpan<byte> expectedPrevious = _last is null ? EventChainHead.Empty.Hash : _last.Hash;
        if (!stored.PreviousHash.AsSpan().SequenceEqual(expectedPrevious))
        {
            return new EventChainFault(stored.Id, _last is null
                ? "The event was changed, or events were reordered: it is not the first event of the chain."
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"The event or event {LastId} was changed, or events were reordered: it does not contain the hash of event {LastId}."));
        }

        if (!stored.Hash.AsSpan().SequenceEqual(EventChain.ComputeHash(stored.PreviousHash, stored.Id, stored.Event)))
        {
            return new EventChainFault(stored.Id, "The event was changed: its hash does not match its content.");
        }

        _last = stored;
        return null;
    }

    /// <summary>Checks that the last checked event is the head of the chain. Returns the fault, or null.</summary>
    public EventChainFault? Complete(EventChainHead head)
    {
        ArgumentNullException.ThrowIfNull(head);
        if (LastId < head.Id)
        {
            return new EventChainFault(LastId + 1, "The event is missing.");
        }

        return LastId > head.Id || !head.Hash.AsSpan().SequenceEqual(_last?.Hash ?? EventChainHead.Empty.Hash)
            ? new EventChainFault(LastId, "The event was added or changed later.")
            : null;
    }
}
