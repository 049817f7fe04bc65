using FsCheck;
using FsCheck.Fluent;
using Fts.Accounts.Events;

namespace Fts.Accounts.Tests.Events;

public sealed class EventChainTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void The_hash_of_an_event_never_changes() => Assert.Equal(
        "c648c935937cfb30baab0dc0057a8fad4bba2ff7e523eda4890bd6cc19cfee18",
        Convert.ToHexStringLower(CreateChain(1).Events[0].Hash));

    [Fact]
    public async Task An_unchanged_chain_has_no_fault()
    {
        (List<StoredEvent> events, EventChainHead head) = CreateChain(20);
        Assert.Null(await VerifyAsync(events, head));
        Assert.Null(await VerifyAsync([], EventChainHead.Empty));
    }

    [Fact]
    public void Every_change_of_a_field_is_found() => Prop.ForAll<byte, byte>((position, field) =>
    {
        (List<StoredEvent> events, EventChainHead head) = CreateChain(10);
        int changed = position % 10;
        AccountEvent before = events[changed].Event;
        AccountEvent after = (field % 14) switch
        {
            0 => before with { Type = EventType.Banned },
            1 => before with { Time = before.Time.AddMicroseconds(1) },
            2 => before with { Account = before.Account + "x" },
            3 => before with { Address = null },
            4 => before with { Session = null },
            5 => before with { Path = before.Target, Target = before.Path },
            6 => before with { Target = "" },
            7 => before with { Bytes = before.Bytes + 1 },
            8 => before with { Verdict = "truncated" },
            9 => before with { Sha256 = "00" },
            10 => before with { Rule = "quota.bytes" },
            11 => before with { Source = "automatic" },
            12 => before with { Actor = "root" },
            _ => before with { Detail = "x" },
        };
        events[changed] = events[changed] with { Event = after };
        EventChainFault? fault = VerifyAsync(events, head).AsTask().GetAwaiter().GetResult();
        Assert.Equal(changed + 1, fault?.Id);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Events_without_source_and_actor_keep_the_hash_of_older_versions()
    {
        var old = new AccountEvent(EventType.Banned, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
        {
            Account = "ann", Address = "192.0.2.7", Detail = "manual, until it is removed: abuse",
        };
        Assert.Equal(
            "4db3abdf4579c86b7904c0c5f5321832aaf670c25afd92c622bfc5c42431d924",
            Convert.ToHexStringLower(EventChain.ComputeHash(new byte[32], 1, old)));
        Assert.Equal(
            "a72b7f97732b72b41923743bb0f1db5ffc3fa1b0ced2c9a2d227e3d554cf5664",
            Convert.ToHexStringLower(EventChain.ComputeHash(
                new byte[32], 1, old with { Source = "administrator", Actor = "root" })));
    }

    [Fact]
    public async Task A_removed_inserted_or_moved_event_is_found()
    {
        (List<StoredEvent> events, EventChainHead head) = CreateChain(10);
        Assert.Equal(4, (await VerifyAsync([.. events.Where(each => each.Id != 4)], head))!.Id);
        Assert.Equal(10, (await VerifyAsync(events[..9], head))!.Id);
        Assert.Equal(1, (await VerifyAsync(events[1..], head))!.Id);
        Assert.Equal(1, (await VerifyAsync([], head))!.Id);
        List<StoredEvent> inserted = [.. events];
        inserted.Insert(5, events[4]);
        Assert.Equal(6, (await VerifyAsync(inserted, head))!.Id);
        List<StoredEvent> added = [.. events, EventChain.Append(head, events[0].Event)];
        Assert.Equal(11, (await VerifyAsync(added, head))!.Id);
    }

    [Fact]
    public async Task A_changed_event_with_a_new_hash_is_found_at_the_next_event()
    {
        (List<StoredEvent> events, EventChainHead head) = CreateChain(10);
        AccountEvent changed = events[4].Event with { Bytes = 1 };
        events[4] = events[4] with { Event = changed, Hash = EventChain.ComputeHash(events[4].PreviousHash, 5, changed) };
        Assert.Equal(6, (await VerifyAsync(events, head))!.Id);
    }

    private static (List<StoredEvent> Events, EventChainHead Head) CreateChain(int count)
    {
        var events = new List<StoredEvent>();
        EventChainHead head = EventChainHead.Empty;
        for (int number = 0; number < count; number++)
        {
            StoredEvent stored = EventChain.Append(head, new AccountEvent(EventType.Uploaded, Start.AddSeconds(number))
            {
                Account = "ann",
                Address = "192.0.2.1",
                Session = number,
                Path = $"/file {number}",
                Bytes = 100 * number,
                Verdict = "complete",
            });
            events.Add(stored);
            head = new EventChainHead(stored.Id, stored.Hash);
        }

        return (events, head);
    }

    private static ValueTask<EventChainFault?> VerifyAsync(IReadOnlyList<StoredEvent> events, EventChainHead head) =>
        EventChain.VerifyAsync(events.ToAsyncEnumerable(), head, TestContext.Current.CancellationToken);
}
