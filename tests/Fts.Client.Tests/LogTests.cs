using System.Net;
using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Fts.Client.Tests;

/// <summary>Log messages escape control characters, which could control a terminal or forge a line of the log.</summary>
public sealed class LogTests
{
    private const string Hostile = "a\u001b]0;x\u0007b\nc\u202e";

    /// <summary>The method names of all log messages of the library.</summary>
    public static TheoryData<string> Messages =>
        [.. typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(method => method.Name)];

    [Theory, MemberData(nameof(Messages))]
    public void Control_characters_are_escaped_in_every_message(string name)
    {
        var log = new Recorder();
        MethodInfo method = typeof(Log).GetMethod(name)!;
        method.Invoke(null, [.. method.GetParameters().Select(parameter => Value(parameter.ParameterType, log))]);

        string text = Assert.Single(log.Texts);
        Assert.DoesNotContain(text, c => char.IsControl(c) || c == '\u202e');
        Assert.Contains("\\x1b]0;x\\x07b\\x0ac\\u202e", text, StringComparison.Ordinal);
    }

    private static object? Value(Type type, ILogger log) =>
        type == typeof(ILogger) ? log
        : type == typeof(string) ? Hostile
        : type == typeof(IPEndPoint) ? new IPEndPoint(IPAddress.Loopback, 21)
        : type == typeof(Exception) ? new InvalidOperationException(Hostile)
        : Activator.CreateInstance(type);

    private sealed class Recorder : ILogger
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Texts.Add(formatter(state, exception));
    }
}
