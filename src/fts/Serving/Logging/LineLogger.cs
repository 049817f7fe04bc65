using Fts.Protocol;
using Fts.Serving.Configuration;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Logging;

/// <summary>One output of the log.</summary>
/// <param name="Output">Writes the lines.</param>
/// <param name="Format">The format of the lines.</param>
/// <param name="Verbosity">Can add debug messages, or limit the output to warnings and errors. Null if nothing changes it.</param>
internal sealed record LogOutput(BackgroundLineWriter Output, ILogFormat Format, LogVerbosity? Verbosity = null)
{
    /// <summary>Returns whether events of a level are written.</summary>
    public bool Includes(LogLevel level) => level >= (Verbosity is { IsDebug: true } ? LogLevel.Debug : LogLevel.Information)
        && (level >= LogLevel.Warning || Verbosity is not { IsQuiet: true });

    /// <summary>Writes the line of an event, if the level and the format include the event.</summary>
    public void Write(in LogEvent entry)
    {
        if (Includes(entry.Level) && Format.Format(entry) is { } line)
        {
            Output.Write(line);
        }
    }
}

/// <summary>Writes the log of the server as lines to one or more outputs.</summary>
internal sealed class LineLogger(IReadOnlyList<LogOutput> outputs) : ILogger
{
    /// <summary>Returns null, because lines do not show scopes.</summary>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        foreach (LogOutput output in outputs)
        {
            if (output.Includes(logLevel))
            {
                return true;
            }
        }

        return false;
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        // The peer chooses the names of files and users, so control characters are escaped.
        string text = formatter(state, exception).ToPrintable();
        var fields = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
        var entry = new LogEvent(DateTime.UtcNow, logLevel, eventId, fields, text, exception);
        foreach (LogOutput output in outputs)
        {
            output.Write(entry);
        }
    }
}

/// <summary>Creates a <see cref="LineLogger"/> for each category. The lines do not contain the category.</summary>
internal sealed class LineLoggerFactory(IReadOnlyList<LogOutput> outputs) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new LineLogger(outputs);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // The owner of the outputs disposes them.
    }
}
