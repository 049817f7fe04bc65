using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fts.Accounts.Events;

/// <summary>An event with its place in the chain of events.</summary>
/// <param name="Id">The number of the event. The numbers are consecutive.</param>
/// <param name="Event">The event.</param>
/// <param name="PreviousHash">The hash of the event before, or 32 zero bytes for the first event.</param>
/// <param name="Hash">The hash of this event (<see cref="EventChain.ComputeHash"/>).</param>
public sealed record StoredEvent(long Id, AccountEvent Event, byte[] PreviousHash, byte[] Hash);

/// <summary>The last event of a chain.</summary>
/// <param name="Id">The number of the event, or 0 if the chain is empty.</param>
/// <param name="Hash">The hash of the event, or 32 zero bytes if the chain is empty.</param>
public sealed record EventChainHead(long Id, byte[] Hash)
{
    /// <summary>The head of an empty chain.</summary>
    public static EventChainHead Empty { get; } = new(0, new byte[SHA256.HashSizeInBytes]);
}

/// <summary>The first event at which a chain is broken.</summary>
/// <param name="Id">The number of the event, or of the missing event.</param>
/// <param name="Problem">A sentence that describes the problem.</param>
public sealed record EventChainFault(long Id, string Problem);

/// <summary>
/// Chains events by their hashes. Each event contains the hash of the event before, so that a later change, removal or insertion of an
/// event is found.
/// </summary>
/// <remarks>
/// The chain does not protect against a person who can replace all events and the stored head. To find that, compare the head with a copy
/// that is stored elsewhere.
/// </remarks>
public static class EventChain
{
    /// <summary>The first field of each hashed event. Version 2 also has the source and the actor.</summary>
    private const byte FormatVersion = 1, FormatVersionWithActor = 2;

    /// <summary>
    /// Returns the SHA-256 of the hash before and of all fields. Each text is preceded by its length, so that no two events have the same
    /// bytes.
    /// </summary>
    /// <remarks>An event without source and actor keeps the hash of the older format, so that stored events stay valid.</remarks>
    public static byte[] ComputeHash(ReadOnlySpan<byte> previousHash, long id, AccountEvent entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var bytes = new ArrayBufferWriter<byte>(512);
        bytes.Write(previousHash);
        bool hasActor = entry.Source is not null || entry.Actor is not null;
        bytes.Write([hasActor ? FormatVersionWithActor : FormatVersion]);
        WriteNumber(bytes, id);
        WriteNumber(bytes, entry.Time.UtcTicks);
        WriteNumber(bytes, (long)entry.Type);
        WriteText(bytes, entry.Account);
        WriteText(bytes, entry.Address);
        WriteOptionalNumber(bytes, entry.Session);
        WriteText(bytes, entry.Path);
        WriteText(bytes, entry.Target);
        WriteOptionalNumber(bytes, entry.Bytes);
        WriteText(bytes, entry.Verdict);
        WriteText(bytes, entry.Sha256);
        WriteText(bytes, entry.Rule);
        WriteText(bytes, entry.Detail);
        if (hasActor)
        {
            WriteText(bytes, entry.Source);
            WriteText(bytes, entry.Actor);
        }

        return SHA256.HashData(bytes.WrittenSpan);
    }

    /// <summary>Appends an event to a chain.</summary>
    public static StoredEvent Append(EventChainHead head, AccountEvent entry)
    {
        ArgumentNullException.ThrowIfNull(head);
        return new StoredEvent(head.Id + 1, entry, head.Hash, ComputeHash(head.Hash, head.Id + 1, entry));
    }

    /// <summary>Checks a chain. Returns the first fault, or null if the chain is unchanged.</summary>
    /// <param name="events">The stored events, ordered by number.</param>
    /// <param name="head">The stored head of the chain.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    public static async ValueTask<EventChainFault?> VerifyAsync(
        IAsyncEnumerable<StoredEvent> events, EventChainHead head, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(head);
        var check = new EventChainCheck();
        await foreach (StoredEvent stored in events.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (check.Add(stored) is { } fault)
            {
                return fault;
            }
        }

        return check.Complete(head);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> bytes, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes.GetSpan(sizeof(long)), value);
        bytes.Advance(sizeof(long));
    }

    private static void WriteOptionalNumber(ArrayBufferWriter<byte> bytes, long? value)
    {
        bytes.Write([(byte)(value is null ? 0 : 1)]);
        WriteNumber(bytes, value ?? 0);
    }

    private static void WriteText(ArrayBufferWriter<byte> bytes, string? text)
    {
        int length = text is null ? -1 : Encoding.UTF8.GetByteCount(text);
        WriteNumber(bytes, length);
        if (text is not null)
        {
            bytes.Advance(Encoding.UTF8.GetBytes(text, bytes.GetSpan(length)));
        }
    }
}
