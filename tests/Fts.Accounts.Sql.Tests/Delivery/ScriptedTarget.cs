using System.Threading.Channels;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;

namespace Fts.AccountsSqlTests.Delivery;

/// <summary>A target whose results a test determines. It reports each delivery as <c>account:id</c>.</summary>
internal sealed class ScriptedTarget(string name, Func<StoredEvent, CancellationToken, Task<DeliveryResult>> deliverAsync) : IEventTarget
{
    private readonly Channel<string> _calls = Channel.CreateUnbounded<string>();

    /// <summary>Creates a target that returns a result at once: null to accept the event.</summary>
    public ScriptedTarget(Func<StoredEvent, string?> deliver) : this(
        "program", (stored, _) => Task.FromResult(new DeliveryResult(deliver(stored))))
    {
    }

    public string Name => name;

    /// <summary>The calls that no test has read yet.</summary>
    public ChannelReader<string> Calls => _calls.Reader;

    public async ValueTask<DeliveryResult> DeliverAsync(StoredEvent stored, CancellationToken cancellationToken)
    {
        _calls.Writer.TryWrite($"{stored.Event.Account ?? "-"}:{stored.Id}");
        return await deliverAsync(stored, cancellationToken);
    }
}
