using System.CommandLine;
using System.Globalization;
using System.Net;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Serving.Metrics;

/// <summary>The options for metrics and traces.</summary>
/// <param name="MetricsEndPoint">The address that serves the metrics to Prometheus, or null.</param>
/// <param name="OtlpEndPoint">The URL of the OpenTelemetry collector, or null.</param>
internal sealed record TelemetrySettings(IPEndPoint? MetricsEndPoint, Uri? OtlpEndPoint)
{
    private static readonly Option<string> MetricsOption = new("--metrics")
    {
        HelpName = "[IP:]PORT",
        Description = "serve metrics for Prometheus over HTTP (default IP: 127.0.0.1)",
    };

    private static readonly Option<string> OtlpOption = new("--otlp")
    {
        HelpName = "URL",
        Description = "send metrics and traces to this OpenTelemetry collector (OTLP over HTTP, for example http://127.0.0.1:4318)",
    };

    /// <summary>The options for metrics and traces.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Metrics", MetricsOption, OtlpOption);

    /// <summary>Parses the options.</summary>
    /// <exception cref="UserErrorException">A value is not an address with a port, or not a URL.</exception>
    public static TelemetrySettings Parse(CommandLine line) => new(
        line.GetValue(MetricsOption) is { } metrics ? ParseEndPoint(metrics) : null,
        line.GetValue(OtlpOption) is { } otlp ? ParseUrl(otlp) : null);

    private static IPEndPoint ParseEndPoint(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= IPEndPoint.MaxPort)
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }

        // IPEndPoint.TryParse accepts an address without a port.
        return IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && text.EndsWith($":{endPoint.Port}", StringComparison.Ordinal)
            ? endPoint
            : throw CommandLine.CreateUsageError(
                $"{MetricsOption.Name} {text}: must be a port, or an IP address and a port, for example 127.0.0.1:9090 or [::1]:9090");
    }

    private static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? url
            : throw CommandLine.CreateUsageError($"{OtlpOption.Name} {text}: must be a URL that starts with http:// or https://");
}
