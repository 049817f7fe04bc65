using Microsoft.Extensions.Logging;

namespace Fts.Server.Tests.Support;

/// <summary>A logger that throws for the messages a test chooses.</summary>
internal sealed class FailingLogger : ILogger
{
    /// <summary>Asked with the id of each message whether the logger throws.</summary>
    public Func<int, bool>? Fails { get; set; }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (Fails?.Invoke(eventId.Id) == true)
        {
            throw new InvalidOperationException("The log cannot be written.");
        }
    }
}
