using System.Collections.Concurrent;
using Fts.Accounts.Delivery;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.AccountsSqlTests.Delivery;

/// <summary>Random events, failures, failures of the database and restarts never lose or reorder the events of an account.</summary>
public sealed class DeliveryProperties
{
    private static readonly string[] Accounts = ["ann", "bob", "cem", "-"];

    private static readonly Gen<int[]> s_events = Gen.Choose(0, Accounts.Length - 1).ArrayOf(30);

    private static readonly Gen<bool[]> s_failures = Gen.Elements(true, false, false).ArrayOf(40);

    [Fact]
    public void No_event_is_lost_and_no_account_is_reordered() => Prop.ForAll(
        (from events in s_events from failures in s_failures from restarts in Gen.Choose(0, 3) select (events, failures, restarts))
            .ToArbitrary(),
        run => CheckAsync([.. run.events.Select(index => Accounts[index])], run.failures, run.restarts).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(25));

    private static async Task CheckAsync(string[] accounts, bool[] failures, int restarts)
    {
        using var fixture = new DeliveryFixture();
        var accepted = new ConcurrentQueue<(string Account, long Id)>();
        int calls = 0;
        var target = new ScriptedTarget(stored =>
        {
            int call = Interlocked.Increment(ref calls);
            if (call <= failures.Length && failures[call - 1])
            {
                return "broken";
            }

            accepted.Enqueue((stored.Event.Account ?? "-", stored.Id));
            return null;
        });
        int added = 0;
        for (int run = 0; run <= restarts; run++)
        {
            // A cancelled mark is what a killed process leaves: the target has accepted the event, and the database does not contain it.
            fixture.Database.FailuresOfMark = run < restarts ? 2 : 0;
            EventDelivery delivery = await fixture.StartAsync(target);
            int end = run == restarts ? accounts.Length : added + ((accounts.Length - added) / 2);
            await fixture.AddEventsAsync(accounts[added..end]);
            added = end;
            if (run == restarts)
            {
                await fixture.AdvanceUntilAsync(Task.Run(async () =>
                {
                    while (fixture.Administration.ReadTargets()[0].Pending > 0)
                    {
                        await Task.Yield();
                    }

                    return true;
                }));
            }
            else
            {
                _ = await fixture.ReadCallsAsync(target, 1);
            }

            await fixture.AdvanceUntilAsync(Task.Run(async () =>
            {
                await delivery.DisposeAsync();
                return true;
            }));
        }

        foreach (string account in Accounts)
        {
            long[] expected = [.. accounts.Index().Where(pair => pair.Item == account).Select(pair => pair.Index + 1L)];
            long[] received = [.. accepted.Where(pair => pair.Account == account).Select(pair => pair.Id)];
            // A repeated delivery follows its first one directly, before any later event of the account.
            Assert.Equal(expected, received.Distinct());
            Assert.Equal(received.Order(), received);
        }
    }
}
