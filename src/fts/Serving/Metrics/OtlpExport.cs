using System.Reflection;
using Fts.Server;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fts.Serving.Metrics;

/// <summary>Sends the metrics and traces of the server to a collector by OTLP over HTTP. The standard OTEL_ variables apply.</summary>
internal sealed class OtlpExport : IDisposable
{
    /// <summary>The time for sending the last metrics and traces when the server stops, in milliseconds.</summary>
    private const int ShutdownMilliseconds = 2000;

    private readonly MeterProvider _meters;
    private readonly TracerProvider _traces;

    /// <summary>Starts the export.</summary>
    /// <param name="url">The URL of the collector, without the paths for metrics and traces.</param>
    public OtlpExport(Uri url)
    {
        string version =
            typeof(OtlpExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("fts", serviceVersion: version);
        _meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(FtpServer.TelemetryName)
            .AddOtlpExporter(options => Configure(options, url, "v1/metrics"))
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(FtpServer.TelemetryName)
            .AddOtlpExporter(options => Configure(options, url, "v1/traces"))
            .Build();
    }

    /// <summary>Sends the last metrics and traces, and stops the export.</summary>
    public void Dispose()
    {
        _traces.Shutdown(ShutdownMilliseconds);
        _meters.Shutdown(ShutdownMilliseconds);
        _traces.Dispose();
        _meters.Dispose();
    }

    private static void Configure(OtlpExporterOptions options, Uri url, string path)
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new Uri($"{url.AbsoluteUri.TrimEnd('/')}/{path}");
        options.TimeoutMilliseconds = ShutdownMilliseconds;
    }
}
