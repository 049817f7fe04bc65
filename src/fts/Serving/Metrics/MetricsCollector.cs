using System.Diagnostics.Metrics;
using Fts.Server;

namespace Fts.Serving.Metrics;

/// <summary>Adds up the measurements of the server's instruments in this process.</summary>
internal sealed class MetricsCollector : IDisposable
{
    private readonly Lock _lock = new(); // guards the families and their series
    private readonly Dictionary<Instrument, MetricFamily> _families = [];
    private readonly MeterListener _listener = new();

    /// <summary>Starts to listen. Measurements before this call are not counted.</summary>
    public MetricsCollector()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == FtpServer.TelemetryName)
            {
                lock (_lock)
                {
                    _families[instrument] = new MetricFamily(instrument);
                }

                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Writes the current values in the text format of Prometheus.</summary>
    public void Write(PrometheusText text)
    {
        lock (_lock)
        {
            foreach (MetricFamily family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
            {
                family.Write(text);
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            _families[instrument].Add(value, tags);
        }
    }
}
