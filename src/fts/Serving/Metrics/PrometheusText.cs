using System.Globalization;
using System.Text;

namespace Fts.Serving.Metrics;

/// <summary>Builds a page in the text format of Prometheus, version 0.0.4.</summary>
internal sealed class PrometheusText
{
    private readonly StringBuilder _text = new();

    /// <summary>Returns the labels of a sample, for example <c>result="success"</c>. Returns an empty string for no labels.</summary>
    public static string FormatLabels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = "";
        foreach ((string name, object? value) in tags)
        {
            labels = AddLabel(labels, name.Replace('.', '_'), Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }

        return labels;
    }

    /// <summary>Appends a label to the labels of a sample.</summary>
    public static string AddLabel(string labels, string name, string value)
    {
        string escaped = value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", @"\n", StringComparison.Ordinal);
        return $"{labels}{(labels.Length > 0 ? "," : "")}{name}=\"{escaped}\"";
    }

    /// <summary>Returns a number in the format of Go, which Prometheus reads.</summary>
    public static string FormatNumber(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Writes the help and the type of a metric, before its samples.</summary>
    public void WriteHeader(string name, string type, string help)
    {
        string escaped = help.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {escaped}\n# TYPE {name} {type}\n");
    }

    /// <summary>Writes a sample.</summary>
    public void WriteSample(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
        {
            _text.Append('{').Append(labels).Append('}');
        }

        _text.Append(' ').Append(FormatNumber(value)).Append('\n');
    }

    /// <summary>Returns the page.</summary>
    public override string ToString() => _text.ToString();
}
