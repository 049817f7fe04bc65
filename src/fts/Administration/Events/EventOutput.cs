using Fts.Accounts.Events;
using Fts.Cli;

namespace Fts.Administration.Events;

/// <summary>Prints events to standard output, one on each line.</summary>
/// <param name="isJson">Whether the payloads of <c>docs/events.schema.json</c> are printed.</param>
/// <param name="lastId">The largest number, for the width of its column.</param>
internal sealed class EventOutput(bool isJson, long lastId)
{
    private readonly Stream? _json = isJson ? Terminal.Plain.OpenDataStream() : null;
    private readonly EventTable _table = new(lastId, Console.IsOutputRedirected ? null : Terminal.Width);

    /// <summary>Prints an event.</summary>
    /// <exception cref="UserErrorException">Another program has changed the event, so that it has no JSON form.</exception>
    public void Print(StoredEvent stored)
    {
        if (_json is null)
        {
            Terminal.Plain.WriteData(_table.Format(stored));
            return;
        }

        if (!Enum.IsDefined(stored.Event.Type))
        {
            throw new UserErrorException(
                ExitCode.OtherError, $"event {stored.Id} has an unknown type, because another program changed it", "fts events verify");
        }

        _json.Write([.. EventPayload.Serialize(stored), (byte)'\n']);
    }
}
