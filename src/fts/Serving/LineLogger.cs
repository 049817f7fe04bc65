using System.Globalization;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Serving;

/// <summary>Writes the log of the server as lines that start with date and time (ISO 8601, UTC).</summary>
internal sealed class LineLogger(BackgroundLineWriter output, LogLevel minLevel) : ILogger
{
    /// <summary>Returns the text, preceded by the current date and time.</summary>
    public static string AddTimestamp(string text) =>
        string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ssZ} {text}");

    /// <summary>Returns null, because lines do not show scopes.</summary>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= minLevel;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            // The peer chooses the names of files and users, so control characters are escaped.
            string text = formatter(state, exception).ToPrintable() + (exception is null ? "" : $": {exception.Message.ToPrintable()}");
            string prefix = logLevel switch
            {
                >= LogLevel.Error => "error: ",
                LogLevel.Warning => "warning: ",
                _ => "",
            };
            output.Write(AddTimestamp(prefix + text));
        }
    }
}

/// <summary>Creates a <see cref="LineLogger"/> for each category. The lines do not contain the category.</summary>
internal sealed class LineLoggerFactory(BackgroundLineWriter output, LogLevel minLevel) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(output, minLevel);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // The caller disposes the writer of the lines.
    }
}
