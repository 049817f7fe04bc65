using System.Diagnostics.CodeAnalysis;
using System.Text;
using Fts.Protocol;
using Fts.Shell.Editing;
using Fts.Transfers;

namespace Fts.Cli;

/// <summary>
/// What the program writes to: stdout carries data, stderr everything else. Knows what may be shown there; nothing but plain lines goes to what is no
/// terminal. Safe for use by several callers at once.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "stdout and stderr belong to the process and stay open to its end.")]
internal sealed class Terminal
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _data = new(StandardStreams.Output, new UTF8Encoding(false), 4096);
    private readonly StreamWriter _messages = new(StandardStreams.Error, new UTF8Encoding(false), 1024);
    private readonly bool _colors;
    private IReadOnlyList<string> _status = [];
    private bool _isClosed, _isPrompting;
    private OutputException? _outputFailure; // under the lock: a failed write of data that was not reported yet
    private bool _hasOutputFailed;

    /// <summary>A terminal with the user's switches: <c>auto</c>, <c>always</c> or <c>never</c>.</summary>
    public Terminal(string color, string progress)
    {
        bool isDumb = Environment.GetEnvironmentVariable("TERM") is "dumb";
        CanRedraw = StandardStreams.HasError && !Console.IsErrorRedirected && !isDumb;
        IsInteractive = StandardStreams.HasInput && StandardStreams.HasError && !Console.IsInputRedirected && !Console.IsErrorRedirected;
        bool noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        _colors = color == "always" || (color == "auto" && CanRedraw && !noColor);
        ProgressMode = progress;
    }

    /// <summary>Plain text only: for what is printed before the switches are known.</summary>
    public static Terminal Plain { get; } = new("never", "never");

    /// <summary>Whether there is somebody to ask.</summary>
    public bool IsInteractive { get; }

    /// <summary>Whether the cursor can be moved: a bar, an edited line.</summary>
    public bool CanRedraw { get; }

    /// <summary>The switch for progress: <c>auto</c>, <c>always</c> or <c>never</c>.</summary>
    public string ProgressMode { get; }

    /// <summary>Columns, for what has to fit in one line.</summary>
    public static int Width
    {
        get
        {
            // No terminal, or one that does not say.
            int width = Console.IsErrorRedirected ? 0 : Console.WindowWidth;
            return width > 0 ? width : 80;
        }
    }

    /// <summary>The number of rows, to limit output to one screen.</summary>
    public static int Height
    {
        get
        {
            int height = Console.IsErrorRedirected ? 0 : Console.WindowHeight;
            return height > 0 ? height : 24;
        }
    }

    /// <summary>A line of data, to stdout. Seen at the next <see cref="Flush"/>.</summary>
    /// <exception cref="OutputException">It cannot be written. Thrown once; what follows is discarded.</exception>
    public void WriteData(string line)
    {
        lock (_lock)
        {
            TryWriteData(writer =>
            {
                writer.Write(line);
                writer.Write('\n');
            });
            ThrowIfOutputFailed();
        }
    }

    /// <summary>stdout as bytes, for a file's content. What was written as lines goes first.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public Stream OpenDataStream()
    {
        Flush();
        return _hasOutputFailed ? Stream.Null : _data.BaseStream;
    }

    /// <summary>Shows all data written so far.</summary>
    /// <exception cref="OutputException">It cannot be written, and this was not reported before.</exception>
    public void Flush()
    {
        lock (_lock)
        {
            TryWriteData(writer => writer.Flush());
            ThrowIfOutputFailed();
        }
    }

    /// <summary>Writes a message line to standard error, above the status lines.</summary>
    public void WriteMessage(string line)
    {
        lock (_lock)
        {
            TryWriteData(writer => writer.Flush());
            WriteToStandardError(IsStatusShown ? $"{EraseStatus()}{line}\n{string.Join('\n', _status)}" : line + "\n");
        }
    }

    /// <summary>Text without a line end: a prompt, or the line editor's redrawing.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            TryWriteData(writer => writer.Flush());
            WriteToStandardError(text);
        }
    }

    /// <summary>
    /// Asks a question; the answer in small letters. Null if the user cancels it with Ctrl-C or Ctrl-D. Only where <see cref="IsInteractive"/>.
    /// </summary>
    public string? AskQuestion(string question) => PromptForText(question, isEchoed: true)?.Trim().ToLowerInvariant();

    /// <summary>Lets the user type an answer, or a password, which is not shown. The status lines are hidden meanwhile.</summary>
    /// <param name="question">The question, with the space after it.</param>
    /// <param name="isEchoed">Whether the typed text is shown.</param>
    /// <returns>The text; null if the user cancels it.</returns>
    public string? PromptForText(string question, bool isEchoed)
    {
        lock (_lock)
        {
            WriteToStandardError(IsStatusShown ? EraseStatus() : "");
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

    /// <summary>Replaces the lines at the bottom; an empty list removes them. Each must be narrower than the terminal. Only where <see cref="CanRedraw"/>.</summary>
    public void SetStatus(params IReadOnlyList<string> lines)
    {
        lock (_lock)
        {
            if (!_isPrompting)
            {
                WriteToStandardError((IsStatusShown ? EraseStatus() : "\r\e[K") + string.Join('\n', lines));
            }

            _status = lines;
        }
    }

    /// <summary>A failure: what failed, what the server said, what to try next.</summary>
    public void ShowError(UserError error) => WriteMessage(FormatError(error));

    /// <summary>A failure as it is shown. Control characters are escaped here, wherever the text came from.</summary>
    public string FormatError(UserError error)
    {
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

    /// <summary>Text in one of the terminal's own colours (an SGR parameter), or as it is.</summary>
    public string Colorize(string sgr, string text) => _colors ? $"\e[{sgr}m{text}\e[0m" : text;

    private bool IsStatusShown => _status.Count > 0 && !_isPrompting;

    /// <summary>
    /// Returns what erases the status lines. The cursor is at the end of the last one. In a terminal that was made narrower since, a line takes several rows.
    /// </summary>
    private string EraseStatus()
    {
        int width = Width, rows = _status.Sum(line => Math.Max(1, (DisplayFormat.CountColumns(line) + width - 1) / width));
        return rows > 1 ? $"\r\e[{rows - 1}A\e[J" : "\r\e[K";
    }

    private void TryWriteData(Action<StreamWriter> write)
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
    /// Writes a message. A closed terminal accepts no output (EIO). That error is ignored, so that the command can still end properly.
    /// </summary>
    private void WriteToStandardError(string text)
    {
        try
        {
            if (!_isClosed)
            {
                _messages.Write(text);
                _messages.Flush();
            }
        }
        catch (IOException)
        {
            _isClosed = true;
        }
    }
}
