using Fts.Cli;
using Fts.Server;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Logging;

/// <summary>
/// The outputs of <c>fts server</c>: the start screen on standard error, and the log on standard error or in a file. Owns the log file.
/// </summary>
/// <remarks>
/// A log file in text or JSON format receives all events, and standard error receives only the start screen. A log file in xferlog format
/// receives transfers and deletions, and standard error the events as text. JSON without a file is written to standard error, where the
/// lines of the start screen are JSON objects, too.
/// </remarks>
internal sealed class ServerLog : IAsyncDisposable
{
    /// <summary>The time limit of <see cref="Reopen"/>, in case the previous file can no longer be written.</summary>
    private static readonly TimeSpan ReopenTimeout = TimeSpan.FromSeconds(1);

    private readonly LogSettings _settings;
    private readonly BackgroundLineWriter _errorWriter;
    private readonly BackgroundLineWriter? _fileWriter;
    private readonly LogOutput[] _outputs;
    private readonly ILogFormat _screenFormat;
    private readonly bool _isScreenInLog;

    /// <summary>Starts the threads that write the lines.</summary>
    public ServerLog(LogSettings settings)
    {
        _settings = settings;
        ILogFormat format = settings.Format switch { "json" => new JsonFormat(), "xferlog" => new XferlogFormat(), _ => new TextFormat() };
        _isScreenInLog = settings is { Format: "json", File: null };
        _screenFormat = _isScreenInLog ? format : new TextFormat();
        Stream error = StandardStreams.Error;
        _errorWriter = new BackgroundLineWriter(
            bytes => error.Write(bytes.Span), (count, reason) => FormatNotice(_screenFormat, count, reason));
        _fileWriter = settings.File is { } file
            ? new BackgroundLineWriter(file.Write, (count, reason) => FormatNotice(format, count, reason))
            : null;
        _outputs = _fileWriter is null
            ? [new LogOutput(_errorWriter, format, settings.Verbosity)]
            : settings.Format == "xferlog"
                ? [new LogOutput(_errorWriter, new TextFormat(), settings.Verbosity),
                    new LogOutput(_fileWriter, format)]
                : [new LogOutput(_fileWriter, format, settings.Verbosity)];
        LoggerFactory = new LineLoggerFactory(_outputs);
    }

    /// <summary>Creates the logger of the server.</summary>
    public ILoggerFactory LoggerFactory { get; }

    /// <summary>Whether commands and replies are logged now.</summary>
    public bool IsTracing => _settings.Verbosity.IsDebug;

    /// <summary>Writes a command or a reply.</summary>
    public void WriteTrace(FtpServerTrace trace)
    {
        string name = trace.IsReply ? "Reply" : "Command";
        LogEvent entry = CreateEvent(
            LogLevel.Debug, name, [new("Session", trace.Session), new("Line", trace.Line)],
            $"[{trace.Session}] {(trace.IsReply ? '<' : '>')} {trace.Line}");
        foreach (LogOutput output in _outputs)
        {
            // The debug argument requests these lines, even if the log is quiet otherwise.
            if (output.Format.Format(entry) is { } line)
            {
                output.Output.Write(line);
            }
        }
    }

    /// <summary>Writes a line of the start screen.</summary>
    public void WriteScreenLine(string text) => _errorWriter.Write(
        _isScreenInLog ? _screenFormat.Format(CreateEvent(LogLevel.Information, "Screen", [], text))! : text);

    /// <summary>
    /// Writes an event of the program to the log, unless the log is on the same output as the start screen, which reports the event
    /// already.
    /// </summary>
    public void WriteEvent(LogLevel level, string name, string text, params IReadOnlyList<(string Name, object? Value)> fields)
    {
        KeyValuePair<string, object?>[] pairs = [.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))];
        foreach (LogOutput output in _outputs)
        {
            if (output.Output != _errorWriter || _isScreenInLog || level >= LogLevel.Warning)
            {
                output.Write(CreateEvent(level, name, pairs, text));
            }
        }
    }

    /// <summary>
    /// Writes the queued lines to the log file, and opens the file again for the later lines. If that fails, logs the reason and continues
    /// with the previous file.
    /// </summary>
    /// <remarks>Waits for it, so that <c>systemctl reload</c> returns when the previous file can be compressed.</remarks>
    public void Reopen()
    {
        if (_settings.File is not { } file || _fileWriter is null)
        {
            return;
        }

        var reopened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _fileWriter.RunBetweenLines(() =>
        {
            if (file.TryReopen() is { } reason)
            {
                WriteEvent(
                    LogLevel.Warning, "LogNotReopened",
                    $"cannot open the log file {file.FullPath} again, continuing with the previous file: {reason}",
                    ("Path", file.FullPath), ("Reason", reason));
            }

            reopened.SetResult();
        });
        reopened.Task.Wait(ReopenTimeout);
    }

    /// <summary>Writes the queued lines, and closes the log file.</summary>
    public async ValueTask DisposeAsync()
    {
        await _errorWriter.DisposeAsync();
        if (_fileWriter is not null)
        {
            await _fileWriter.DisposeAsync();
        }

        _settings.File?.Dispose();
    }

    private static string? FormatNotice(ILogFormat format, int count, string reason) => format.Format(CreateEvent(
        LogLevel.Warning, "LinesDiscarded", [new("Count", count), new("Reason", reason)],
        $"{count} log line{(count == 1 ? "" : "s")} discarded: {reason}"));

    private static LogEvent CreateEvent(LogLevel level, string name, IReadOnlyList<KeyValuePair<string, object?>> fields, string text) =>
        new(DateTime.UtcNow, level, new EventId(0, name), fields, text, null);
}
