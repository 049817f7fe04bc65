using System.Globalization;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Serving;

/// <summary>The server's log as lines that begin with date and time (ISO 8601, UTC).</summary>
internal sealed class LineLogger(BackgroundLineWriter output, LogLevel minLevel) : ILogger
{
    /// <summary>Returns the text with date and time before it.</summary>
    public static string AddTimestamp(string text) => string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ssZ} {text}");

    /// <summary>There are no scopes in a line.</summary>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= minLevel;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            // Names of files and users come from the peer.
            string text = formatter(state, exception).ToPrintable() + (exception is null ? "" : $": {exception.Message.ToPrintable()}");
            output.Write(AddTimestamp(logLevel >= LogLevel.Error ? $"error: {text}" : logLevel == LogLevel.Warning ? $"warning: {text}" : text));
        }
    }
}

/// <summary>Creates the <see cref="LineLogger"/> of the server. All categories have the same lines.</summary>
internal sealed class LineLoggerFactory(BackgroundLineWriter output, LogLevel minLevel) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(output, minLevel);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // The lines belong to the caller.
    }
}
