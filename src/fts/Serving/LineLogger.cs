using System.Globalization;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Cli;

/// <summary>The server's log as lines with the time of day.</summary>
internal sealed class LineLogger(BackgroundLines output, LogLevel least) : ILogger
{
    /// <summary>The text behind the time.</summary>
    public static string Stamp(string text) => string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss} {text}");

    /// <summary>There are no scopes in a line.</summary>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            // Names of files and users come from the peer.
            string text = formatter(state, exception).Visible() + (exception is null ? "" : $": {exception.Message.Visible()}");
            output.Write(Stamp(logLevel >= LogLevel.Error ? $"error: {text}" : logLevel == LogLevel.Warning ? $"warning: {text}" : text));
        }
    }
}
