using Microsoft.Extensions.Logging;

namespace Fts.Serving.Configuration;

/// <summary>The minimum level of the log, which can change while the server runs.</summary>
internal sealed class LogVerbosity
{
    private volatile bool _isQuiet;

    /// <summary>Whether only warnings and errors are logged.</summary>
    public bool IsQuiet
    {
        get => _isQuiet;
        set => _isQuiet = value;
    }

    /// <summary>Returns a factory whose loggers discard the entries that the minimum level excludes.</summary>
    public ILoggerFactory Apply(ILoggerFactory factory) => new FilteringFactory(this, factory);

    private sealed class FilteringFactory(LogVerbosity verbosity, ILoggerFactory inner) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new FilteringLogger(verbosity, inner.CreateLogger(categoryName));

        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public void Dispose() => inner.Dispose();
    }

    private sealed class FilteringLogger(LogVerbosity verbosity, ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => (logLevel >= LogLevel.Warning || !verbosity.IsQuiet) && inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
