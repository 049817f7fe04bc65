using System.Diagnostics.CodeAnalysis;
using System.Text;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>
/// What the program writes to: stdout carries data, stderr everything else. Knows what may be shown there; nothing but plain lines goes to what is no
/// terminal. Safe for use by several callers at once.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "stdout and stderr belong to the process and stay open to its end.")]
internal sealed class Terminal
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _data = new(Console.OpenStandardOutput(), new UTF8Encoding(false), 4096);
    private readonly StreamWriter _messages = new(Console.OpenStandardError(), new UTF8Encoding(false), 1024);
    private readonly bool _colors;
    private string _status = "";
    private bool _isClosed;

    /// <summary>A terminal with the user's switches: <c>auto</c>, <c>always</c> or <c>never</c>.</summary>
    public Terminal(string color, string progress)
    {
        bool dumb = Environment.GetEnvironmentVariable("TERM") is "dumb";
        CanRedraw = !Console.IsErrorRedirected && !dumb;
        IsInteractive = !Console.IsInputRedirected && !Console.IsErrorRedirected;
        bool noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        _colors = color == "always" || (color == "auto" && CanRedraw && !noColor);
        Progress = progress;
    }

    /// <summary>Plain text only: for what is printed before the switches are known.</summary>
    public static Terminal Plain { get; } = new("never", "never");

    /// <summary>Whether there is somebody to ask.</summary>
    public bool IsInteractive { get; }

    /// <summary>Whether the cursor can be moved: a bar, an edited line.</summary>
    public bool CanRedraw { get; }

    /// <summary>The switch for progress: <c>auto</c>, <c>always</c> or <c>never</c>.</summary>
    public string Progress { get; }

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

    /// <summary>A line of data, to stdout. Seen at the next <see cref="Flush"/>.</summary>
    public void Data(string line)
    {
        lock (_lock)
        {
            _data.Write(line);
            _data.Write('\n');
        }
    }

    /// <summary>stdout as bytes, for a file's content. What was written as lines goes first.</summary>
    public Stream DataStream()
    {
        Flush();
        return _data.BaseStream;
    }

    /// <summary>Shows all data written so far.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _data.Flush();
        }
    }

    /// <summary>A line for whoever watches, to stderr, above the status line if there is one.</summary>
    public void Say(string line)
    {
        lock (_lock)
        {
            _data.Flush();
            WriteMessage(_status.Length > 0 ? $"\r\e[K{line}\n{_status}" : line + "\n");
        }
    }

    /// <summary>Text without a line end: a prompt, or the line editor's redrawing.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            _data.Flush();
            WriteMessage(text);
        }
    }

    /// <summary>Asks a question; the answer in small letters, empty for none. Only where <see cref="IsInteractive"/>.</summary>
    public string Ask(string question)
    {
        Write(question);
        return Console.ReadLine()?.Trim().ToLowerInvariant() ?? "";
    }

    /// <summary>Replaces the line at the bottom; empty takes it away. Only where <see cref="CanRedraw"/>.</summary>
    public void Status(string text)
    {
        lock (_lock)
        {
            _status = text;
            WriteMessage("\r\e[K" + text);
        }
    }

    /// <summary>A failure: what failed, what the server said, what to try next.</summary>
    public void Show(Failure failure) => Say(Text(failure));

    /// <summary>A failure as it is shown. Control characters are escaped here, wherever the text came from.</summary>
    public string Text(Failure failure)
    {
        var text = new StringBuilder(Paint("31", "error: ")).Append(failure.What.Visible());
        if (failure.ServerSaid is not null)
        {
            text.Append("\n  ").Append(Paint("2", "server: ")).Append(failure.ServerSaid.Visible());
        }

        if (failure.Next is not null)
        {
            text.Append("\n  ").Append(Paint("2", "try: ")).Append(failure.Next.Visible());
        }

        return text.ToString();
    }

    /// <summary>Text in one of the terminal's own colours (an SGR parameter), or as it is.</summary>
    public string Paint(string sgr, string text) => _colors ? $"\e[{sgr}m{text}\e[0m" : text;

    /// <summary>
    /// Writes a message. A closed terminal accepts no output (EIO). That error is ignored, so that the command can still end properly.
    /// </summary>
    private void WriteMessage(string text)
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
