using System.Diagnostics.Metrics;

namespace Fts.Serving.Metrics;

/// <summary>The series of one instrument, one for each combination of labels.</summary>
internal sealed class MetricFamily
{
    private const string DefaultType = "counter";

    private static readonly double[] DefaultBounds = [0.01, 0.1, 1, 10, 100];

    private readonly string _type, _help;
    private readonly double[] _bounds;
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);

    /// <summary>Creates the family of an instrument without series.</summary>
    public MetricFamily(Instrument instrument)
    {
        _type = instrument switch
        {
            UpDownCounter<long> => "gauge",
            Histogram<double> => "histogram",
            _ => DefaultType,
        };
        string unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        Name = instrument.Name.Replace('.', '_') + unit + (_type == DefaultType ? "_total" : "");
        _help = instrument.Description ?? "";
        _bounds = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? DefaultBounds;
    }

    /// <summary>The name in the text format: with underscores, the unit, and <c>_total</c> for a counter.</summary>
    public string Name { get; }

    /// <summary>Adds a measurement to the series of its labels.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = PrometheusText.FormatLabels(tags);
        if (!_series.TryGetValue(labels, out Series? series))
        {
            _series[labels] = series = new Series(_type == "histogram" ? _bounds.Length : 0);
        }

        series.Add(value, _bounds);
    }

    /// <summary>Writes the family.</summary>
    public void Write(PrometheusText text)
    {
        text.WriteHeader(Name, _type, _help);
        foreach ((string labels, Series series) in _series)
        {
            if (_type == "histogram")
            {
                series.WriteHistogram(text, Name, labels, _bounds);
            }
            else
            {
                text.WriteSample(Name, labels, series.Sum);
            }
        }
    }

    /// <summary>The values of one combination of labels.</summary>
    private sealed class Series(int buckets)
    {
        private readonly long[] _counts = new long[buckets];
        private long _count;

        public double Sum { get; private set; }

        public void Add(double value, double[] bounds)
        {
            Sum += value;
            _count++;
            for (int i = 0; i < _counts.Length; i++)
            {
                if (value <= bounds[i])
                {
                    _counts[i]++; // a bucket counts all values up to its bound
                }
            }
        }

        public void WriteHistogram(PrometheusText text, string name, string labels, double[] bounds)
        {
            for (int i = 0; i < _counts.Length; i++)
            {
                string bound = PrometheusText.FormatNumber(bounds[i]);
                text.WriteSample($"{name}_bucket", PrometheusText.AddLabel(labels, "le", bound), _counts[i]);
            }

            text.WriteSample($"{name}_bucket", PrometheusText.AddLabel(labels, "le", "+Inf"), _count);
            text.WriteSample($"{name}_sum", labels, Sum);
            text.WriteSample($"{name}_count", labels, _count);
        }
    }
}
