using System.Diagnostics.Metrics;

namespace Fts.Server.Telemetry;

/// <summary>
/// The instruments of one server, in a meter with the name <see cref="FtpServer.TelemetryName"/>. An instrument without a listener costs
/// one comparison.
/// </summary>
internal sealed class ServerMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly UpDownCounter<long> _sessions;
    private readonly Counter<long> _logins, _transfers, _transferredBytes, _refusals, _handshakes;
    private readonly Histogram<double> _durations;

    /// <summary>Creates the instruments.</summary>
    /// <param name="scope">The server, so that a listener can distinguish several servers in one process.</param>
    public ServerMetrics(object scope)
    {
        _meter = new Meter(FtpServer.TelemetryName, null, null, scope);
        _sessions = _meter.CreateUpDownCounter<long>("fts.server.sessions", "{session}", "Open control connections");
        _logins = _meter.CreateCounter<long>("fts.server.logins", "{login}", "Logins by result");
        _transfers = _meter.CreateCounter<long>("fts.server.transfers", "{transfer}", "Ended transfers by direction and result");
        _transferredBytes = _meter.CreateCounter<long>(
            "fts.server.transferred", "By", "Bytes of ended transfers by direction, uncompressed");
        _durations = _meter.CreateHistogram(
            "fts.server.transfer.duration", "s", "Time from the command to the final reply of a transfer by direction", null,
            new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
            });
        _refusals = _meter.CreateCounter<long>("fts.server.refusals", "{command}", "Refused connections and commands by rule");
        _handshakes = _meter.CreateCounter<long>("fts.server.tls.handshakes", "{handshake}", "TLS handshakes by connection and result");
    }

    /// <summary>Whether a listener measures transfers.</summary>
    public bool MeasuresTransfers => _transfers.Enabled || _transferredBytes.Enabled || _durations.Enabled;

    /// <summary>Adds an opened session, or removes a closed one (-1).</summary>
    public void AddSession(int change) => _sessions.Add(change);

    /// <summary>Counts a login.</summary>
    public void AddLogin(string result)
    {
        if (_logins.Enabled)
        {
            _logins.Add(1, new KeyValuePair<string, object?>("result", result));
        }
    }

    /// <summary>Counts an ended transfer.</summary>
    public void AddTransfer(string direction, string result, long bytes, TimeSpan duration)
    {
        if (!MeasuresTransfers)
        {
            return;
        }

        var directionTag = new KeyValuePair<string, object?>("direction", direction);
        _transfers.Add(1, directionTag, new KeyValuePair<string, object?>("result", result));
        _transferredBytes.Add(bytes, directionTag);
        _durations.Record(duration.TotalSeconds, directionTag);
    }

    /// <summary>Counts a refused connection or command.</summary>
    public void AddRefusal(string rule)
    {
        if (_refusals.Enabled)
        {
            _refusals.Add(1, new KeyValuePair<string, object?>("rule", rule));
        }
    }

    /// <summary>Counts a TLS handshake.</summary>
    public void AddHandshake(string connection, string result)
    {
        if (_handshakes.Enabled)
        {
            _handshakes.Add(
                1, new KeyValuePair<string, object?>("connection", connection), new KeyValuePair<string, object?>("result", result));
        }
    }

    public void Dispose() => _meter.Dispose();
}
