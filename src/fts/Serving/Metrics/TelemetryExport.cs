using System.Net;
using System.Net.Sockets;
using Fts.Cli;
using Fts.Serving.Logging;

namespace Fts.Serving.Metrics;

/// <summary>The running exports of metrics and traces. Without the options, nothing listens to the instruments of the server.</summary>
internal sealed class TelemetryExport : IAsyncDisposable
{
    private readonly MetricsEndpoint? _endpoint;
    private readonly OtlpExport? _otlp;

    private TelemetryExport(MetricsEndpoint? endpoint, OtlpExport? otlp) => (_endpoint, _otlp) = (endpoint, otlp);

    /// <summary>The address that serves the metrics, or null.</summary>
    public IPEndPoint? MetricsEndPoint => _endpoint?.EndPoint;

    /// <summary>Starts the exports. Must be called before the server is created, so that every session is counted.</summary>
    /// <exception cref="UserErrorException">The address for the metrics cannot be used.</exception>
    public static TelemetryExport Start(TelemetrySettings settings, ServerLog log)
    {
        MetricsEndpoint? endpoint = null;
        if (settings.MetricsEndPoint is { } address)
        {
            try
            {
                endpoint = new MetricsEndpoint(address, log);
            }
            catch (SocketException e)
            {
                throw new UserErrorException(
                    ExitCode.CannotConnect, $"cannot serve metrics on {address}: {e.Message}",
                    "choose another port, or 0 for any free port");
            }
        }

        return new TelemetryExport(endpoint, settings.OtlpEndPoint is { } url ? new OtlpExport(url) : null);
    }

    /// <summary>Sends the last metrics and traces to the collector, and stops the exports.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_endpoint is not null)
        {
            await _endpoint.DisposeAsync();
        }

        _otlp?.Dispose();
    }
}
