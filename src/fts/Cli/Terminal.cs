using System.Diagnostics.CodeAnalysis;
using System.Text;
using Fts.Protocol;
using Fts.Shell.Editing;
using Fts.Transfers;

namespace Fts.Cli;

/// <summary>
/// Writes data to standard output, and messages to standard error. Uses escape sequences only if standard error is a terminal.
/// Thread-safe.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "Standard output and error stay open until the process exits.")]
internal sealed class Terminal
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _data = new(StandardStreams.Output, new UTF8Encoding(false), 4096);
    private readonly StreamWriter _messages = new(StandardStreams.Error, new UTF8Encoding(false), 1024);
    private readonly bool _hasColors, _hasDataColors;
    private readonly Terminal? _owner; // the terminal of the session, for a command in the background
    private IReadOnlyList<string> _status = [];
    private string? _prompt; // the line that the user edits, as it was drawn
    private bool _isErrorClosed, _isPrompting;
    private OutputException? _outputFailure; // guarded by _lock: an error of standard output that was not thrown yet
    private bool _hasOutputFailed;

    /// <summary>Creates a terminal. Both parameters are <c>auto</c>, <c>always</c> or <c>never</c>.</summary>
    /// <param name="color">The value of <c>--color</c>.</param>
    /// <param name="progress">The value of <c>--progress</c>.</param>
    public Terminal(string color, string progress)
    {
        bool isDumb = Environment.GetEnvironmentVariable("TERM") is "dumb";
        CanRedraw = StandardStreams.HasError && !Console.IsErrorRedirected && !isDumb;
        IsInteractive = StandardStreams.HasInput && StandardStreams.HasError && !Console.IsInputRedirected && !Console.IsErrorRedirected;
        bool noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        _hasColors = color == "always" || (color == "auto" && CanRedraw && !noColor);
        ProgressMode = progress;
        IsDataTerminal = StandardStreams.HasOutput && !Console.IsOutputRedirected;
        _hasDataColors = color == "always" || (color == "auto" && IsDataTerminal && !isDumb && !noColor);
    }

    private Terminal(Terminal owner)
    {
        (_owner, ProgressMode, _hasColors) = (owner, "never", owner._hasColors);
    }

    /// <summary>Whether requests and replies are printed.</summary>
    public bool ShowsTrace { get; set; }

    /// <summary>A terminal without colours and progress, for output to which <c>--color</c> and <c>--progress</c> do not apply.</summary>
    public static Terminal Plain { get; } = new("never", "never");

    /// <summary>Whether the user can be asked questions: standard input and error are a terminal.</summary>
    public bool IsInteractive { get; }

    /// <summary>Whether standard error is a terminal on which the cursor can be moved, as progress bars and line editing require.</summary>
    public bool CanRedraw { get; }

    /// <summary>Whether standard output is a terminal.</summary>
    public bool IsDataTerminal { get; }

    /// <summary>The value of <c>--progress</c>: <c>auto</c>, <c>always</c> or <c>never</c>.</summary>
    public string ProgressMode { get; }

    /// <summary>The number of columns of the terminal, or 80 if it is unknown.</summary>
    public static int Width
    {
        get
        {
            // The width is 0 if standard error is not a terminal, or if the terminal does not report its width.
            int width = Console.IsErrorRedirected ? 0 : Console.WindowWidth;
            return width > 0 ? width : 80;
        }
    }

    /// <summary>The number of rows of the terminal, or 24 if it is unknown.</summary>
    public static int Height
    {
        get
        {
            int height = Console.IsErrorRedirected ? 0 : Console.WindowHeight;
            return height > 0 ? height : 24;
        }
    }

    /// <summary>Writes a line to standard output. The line is buffered until the next <see cref="Flush"/> or message.</summary>
    /// <exception cref="OutputException">Standard output cannot be written. Thrown once; later output is discarded.</exception>
    public void WriteData(string line)
    {
        if (_owner is not null)
        {
            _owner.WriteData(line);
            return;
        }

        lock (_lock)
        {
            WriteDataOrRecordFailure(writer =>
            {
                writer.Write(line);
                writer.Write('\n');
            });
            ThrowIfOutputFailed();
        }
    }

    /// <summary>Returns standard output as a stream of bytes, for the content of files. Flushes buffered lines first.</summary>
    /// <exception cref="OutputException">Standard output cannot be written.</exception>
    public Stream OpenDataStream()
    {
        Flush();
        return _hasOutputFailed ? Stream.Null : _data.BaseStream;
    }

    /// <summary>Writes all buffered lines.</summary>
    /// <exception cref="OutputException">Standard output cannot be written. Thrown once; later output is discarded.</exception>
    public void Flush()
    {
        if (_owner is not null)
        {
            return;
        }

        lock (_lock)
        {
            WriteDataOrRecordFailure(writer => writer.Flush());
            ThrowIfOutputFailed();
        }
    }

    /// <summary>Writes a message line to standard error, above the status lines.</summary>
    public void WriteMessage(string line)
    {
        if (_owner is not null)
        {
            _owner.WriteMessage(line);
            return;
        }

        lock (_lock)
        {
            WriteDataOrRecordFailure(writer => writer.Flush());
            if (_prompt is not null)
            {
                WriteToStandardError($"{(CanRedraw ? "\r\e[K" : "\n")}{line}\n{_prompt}");
                return;
            }

            WriteToStandardError(IsStatusShown ? $"{GetEraseSequence()}{line}\n{string.Join('\n', _status)}" : line + "\n");
        }
    }

    /// <summary>Returns a terminal for a command in the background: it writes messages to this terminal and asks no questions.</summary>
    public Terminal CreateBackgroundTerminal() => new(this);

    /// <summary>
    /// Sets the line that the user edits, so that a message of another thread appears above it. Null if the user edits no line.
    /// </summary>
    /// <param name="drawn">The text that draws the line and the cursor again, from the start of an empty line.</param>
    public void SetPrompt(string? drawn)
    {
        lock (_lock)
        {
            _prompt = drawn;
        }
    }

    /// <summary>Writes text without a line end to standard error, such as a prompt.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            WriteDataOrRecordFailure(writer => writer.Flush());
            WriteToStandardError(text);
        }
    }

    /// <summary>
    /// Asks a question. Returns the answer in lower case, or null if the user cancels with Ctrl-C or Ctrl-D. Requires
    /// <see cref="IsInteractive"/>.
    /// </summary>
    public string? AskQuestion(string question) => PromptForText(question, isEchoed: true)?.Trim().ToLowerInvariant();

    /// <summary>
    /// Asks for text, such as a password. Hides the status lines until the user answers. Requires <see cref="IsInteractive"/>.
    /// </summary>
    /// <param name="question">The question, with the space after it.</param>
    /// <param name="isEchoed">Whether the typed text is shown.</param>
    /// <returns>The text, or null if the user cancels the question.</returns>
    public string? PromptForText(string question, bool isEchoed)
    {
        lock (_lock)
        {
            WriteToStandardError(IsStatusShown ? GetEraseSequence() : "");
            _isPrompting = true;
        }

        try
        {
            return TextPrompt.ReadAnswer(this, question, isEchoed);
        }
        finally
        {
            lock (_lock)
            {
                _isPrompting = false;
                WriteToStandardError(string.Join('\n', _status));
            }
        }
    }

    /// <summary>Replaces the status lines at the bottom; an empty list removes them. Requires <see cref="CanRedraw"/>.</summary>
    /// <param name="lines">The lines. Each must be narrower than the terminal.</param>
    public void SetStatus(params IReadOnlyList<string> lines)
    {
        lock (_lock)
        {
            if (!_isPrompting)
            {
                WriteToStandardError((IsStatusShown ? GetEraseSequence() : "\r\e[K") + string.Join('\n', lines));
            }

            _status = lines;
        }
    }

    /// <summary>Writes an error to standard error.</summary>
    public void ShowError(UserError error) => WriteMessage(FormatError(error));

    /// <summary>Returns an error as text: the message, the reply of the server, and advice. Escapes control characters.</summary>
    public string FormatError(UserError error)
    {
        JsonOutput.Current?.RecordError(error);
        var text = new StringBuilder(Colorize("31", "error: ")).Append(error.Message.ToPrintable());
        if (error.ServerReply is not null)
        {
            text.Append("\n  ").Append(Colorize("2", "server: ")).Append(error.ServerReply.ToPrintable());
        }

        if (error.Advice is not null)
        {
            text.Append("\n  ").Append(Colorize("2", "try: ")).Append(error.Advice.ToPrintable());
        }

        return text.ToString();
    }

    /// <summary>
    /// Returns the text with an SGR parameter (ECMA-48 §8.3.117) that selects its colour or style, or unchanged if colours are off.
    /// </summary>
    public string Colorize(string sgr, string text) => _hasColors ? $"\e[{sgr}m{text}\e[0m" : text;

    /// <summary>The same as <see cref="Colorize"/>, for text on standard output.</summary>
    public string ColorizeData(string sgr, string text) => _hasDataColors ? $"\e[{sgr}m{text}\e[0m" : text;

    private bool IsStatusShown => _status.Count > 0 && !_isPrompting;

    /// <summary>
    /// Returns the escape sequence that erases the status lines. The cursor must be at the end of the last line. If the terminal has become
    /// narrower, a line occupies several rows.
    /// </summary>
    private string GetEraseSequence()
    {
        int width = Width, rows = _status.Sum(line => Math.Max(1, (DisplayFormat.CountColumns(line) + width - 1) / width));
        return rows > 1 ? $"\r\e[{rows - 1}A\e[J" : "\r\e[K";
    }

    /// <summary>Writes to standard output. Records a failure, so that <see cref="ThrowIfOutputFailed"/> throws it once.</summary>
    private void WriteDataOrRecordFailure(Action<StreamWriter> write)
    {
        if (_hasOutputFailed)
        {
            return;
        }

        try
        {
            write(_data);
        }
        catch (OutputException e)
        {
            (_hasOutputFailed, _outputFailure) = (true, e);
        }
    }

    private void ThrowIfOutputFailed()
    {
        if (_outputFailure is { } error)
        {
            _outputFailure = null;
            throw error;
        }
    }

    /// <summary>
    /// Writes text to standard error. Ignores errors, such as EIO of a closed terminal, so that the command can complete its cleanup.
    /// </summary>
    private void WriteToStandardError(string text)
    {
        try
        {
            if (!_isErrorClosed)
            {
                _messages.Write(text);
                _messages.Flush();
            }
        }
        catch (IOException)
        {
            _isErrorClosed = true;
        }
    }
}
