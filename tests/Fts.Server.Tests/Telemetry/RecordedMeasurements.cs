using System.Diagnostics.Metrics;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Telemetry;

/// <summary>Adds up the measurements of one server by instrument and tags.</summary>
internal sealed class RecordedMeasurements : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, double> _sums = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public RecordedMeasurements(TestServer server)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Fts.Server" && server.Owns(instrument.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        // Times differ in each run, so only their number is recorded.
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        _listener.Start();
    }

    /// <summary>The sums, for example <c>fts.server.logins{result=success} 1</c>.</summary>
    public string[] Sums
    {
        get
        {
            lock (_lock)
            {
                return [.. _sums.Select(sum => $"{sum.Key} {sum.Value}")];
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string key = $"{instrument.Name}{{{string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}}}";
        lock (_lock)
        {
            _sums[key] = _sums.GetValueOrDefault(key) + value;
        }
    }
}
