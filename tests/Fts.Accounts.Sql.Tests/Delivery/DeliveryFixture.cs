using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Delivery;
using Fts.Accounts.Sql.Records;
using Fts.Server.Tests.Support;

namespace Fts.AccountsSqlTests.Delivery;

/// <summary>A database with events, and a clock for their delivery.</summary>
internal sealed class DeliveryFixture : IDisposable
{
    private static readonly DateTimeOffset FirstTime = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDatabase _temporary = new();
    private int _eventCount;

    public DeliveryFixture()
    {
        Database = new ObservedDatabase(new SqlDeliveryDatabase(_temporary.Database));
        Administration = new SqlDeliveryAdministration(_temporary.Database);
    }

    public ManualClock Clock { get; } = new();

    public ObservedDatabase Database { get; }

    public SqlDeliveryAdministration Administration { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Adds one event for each account, a second apart. The account <c>-</c> means none.</summary>
    public Task AddEventsAsync(params string[] accounts) => AddEventsAsync(EventType.Uploaded, accounts);

    public async Task AddEventsAsync(EventType type, params string[] accounts) =>
        await new SqlRecordDatabase(_temporary.Database).AddAsync(
            new RecordBatch(
                null,
                [
                    .. accounts.Select(account => new AccountEvent(type, FirstTime.AddSeconds(_eventCount++))
                    {
                        Account = account == "-" ? null : account,
                    }),
                ],
                []),
            Token);

    public int Execute(string sql) => _temporary.Database.Write(session => session.Execute(sql));

    public async Task<EventDelivery> StartAsync(
        IEventTarget target, int maxAttempts = 300, IReadOnlyCollection<EventType>? types = null, int maxParallel = 4)
    {
        EventDelivery delivery = await EventDelivery.OpenAsync(
            new EventDeliveryOptions
            {
                Database = Database,
                Targets = [target],
                MaxAttempts = maxAttempts,
                MaxParallel = maxParallel,
                Types = types,
                TimeProvider = Clock,
                NextRandom = () => 0.5,
            },
            Token);
        delivery.Start();
        return delivery;
    }

    /// <summary>Returns the next calls of a target. Moves the clock while no call arrives.</summary>
    public async Task<string[]> ReadCallsAsync(ScriptedTarget target, int count)
    {
        var calls = new List<string>();
        while (calls.Count < count)
        {
            calls.Add(await AdvanceUntilAsync(target.Calls.ReadAsync(Token).AsTask()));
        }

        return [.. calls];
    }

    /// <summary>Moves the clock until a task has ended.</summary>
    public async Task<T> AdvanceUntilAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            Task<TimeSpan> timer = Clock.WaitForTimersAsync();
            await Task.WhenAny(task, timer).WithDeadline();
            if (!task.IsCompleted)
            {
                Clock.Advance(await timer);
            }
        }

        return await task;
    }

    /// <summary>Moves the clock until the number of stored outcomes is reached.</summary>
    public async Task WaitForMarksAsync(int count)
    {
        while (Database.Marks.Count < count)
        {
            Clock.Advance(await Clock.WaitForTimersAsync().WithDeadline());
            await Task.Yield();
        }
    }

    public void Dispose() => _temporary.Dispose();
}
