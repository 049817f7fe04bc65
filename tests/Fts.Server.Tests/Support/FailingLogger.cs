using Microsoft.Extensions.Logging;

namespace Fts.Server.Tests.Support;

/// <summary>A logger that throws for selected messages.</summary>
internal sealed class FailingLogger : ILogger
{
    /// <summary>Receives the id of each message and returns whether the logger throws.</summary>
    public Func<int, bool>? Fails { get; set; }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (Fails?.Invoke(eventId.Id) == true)
        {
            throw new InvalidOperationException("The log cannot be written.");
        }
    }
}
