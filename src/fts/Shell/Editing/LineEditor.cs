using System.Runtime.InteropServices;
using Fts.Cli;
using Fts.Transfers;

namespace Fts.Shell.Editing;

/// <summary>The way in which the user ended a line.</summary>
internal enum LineEnd
{
    /// <summary>The Enter key, which runs the line.</summary>
    Enter,
    /// <summary>Ctrl-D on an empty line, or the end of the input.</summary>
    EndOfInput,
}

/// <summary>
/// Lets the user edit a line on a terminal, with cursor keys, history and Tab completion. Redraws the whole line after each key. A line
/// that is wider than the terminal scrolls and never wraps. On a terminal without escape sequences, the editor uses backspaces.
/// </summary>
/// <param name="terminal">The terminal.</param>
/// <param name="history">The earlier lines. The editor adds new lines.</param>
/// <param name="complete">Returns the completion of the text before the cursor, or null.</param>
/// <param name="storeLine">Stores a new line for later sessions.</param>
internal sealed class LineEditor(
    Terminal terminal, List<string> history, Func<string, Task<Completion?>> complete, Action<string> storeLine)
{
    /// <summary>Guards all fields, because a resized terminal redraws the line from another thread.</summary>
    private readonly Lock _lock = new();
    private readonly LineBuffer _text = new();
    private string _prompt = "";
    private int _historyIndex;
    private string _draft = ""; // the new line, while an earlier line is shown
    private string _deleted = ""; // the text that Ctrl-Y inserts
    private string _drawn = ""; // the last drawn line, on a terminal without escape sequences
    private int _drawnCursorOffset; // the columns between the cursor and the end of the drawn line
    private HistorySearch? _search;

    /// <summary>
    /// Reads a line from the user. Ctrl-C clears the line and shows the prompt again. The caller moves the cursor to the next line.
    /// </summary>
    public async Task<(LineEnd End, string Line)> ReadAsync(string prompt)
    {
        Reset(prompt);
        // From here on, Ctrl-C is a key, even if the user presses it before the prompt appears.
        using Keyboard.ControlCScope keys = Keyboard.CaptureControlC();
        using PosixSignalRegistration? resizeHandler =
            OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Draw());
        try
        {
            Draw();
            while (true)
            {
                ConsoleKeyInfo key = Keyboard.ReadKey();
                LineEnd? end = null;
                if (key.Key == ConsoleKey.Tab && _search is null)
                {
                    await CompleteAsync();
                }
                else
                {
                    end = HandleKey(key);
                }

                if (end is not null)
                {
                    string line = _text.ToString();
                    AddToHistory(line);
                    return (end.Value, line);
                }

                Draw();
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal has been closed.
            return (LineEnd.EndOfInput, "");
        }
        finally
        {
            terminal.SetPrompt(null);
        }
    }

    private void Reset(string prompt)
    {
        lock (_lock)
        {
            (_prompt, _historyIndex, _draft, _drawn, _drawnCursorOffset, _search) = (prompt, history.Count, "", "", 0, null);
            _text.Replace("");
        }
    }

    private LineEnd? HandleKey(ConsoleKeyInfo key)
    {
        lock (_lock)
        {
            if (_search is { } search)
            {
                if (search.HandleKey(key) is { } found)
                {
                    _text.Replace(found);
                    return null;
                }

                _search = null;
                if (Keyboard.IsControl(key, ConsoleKey.G) || Keyboard.IsControl(key, ConsoleKey.C))
                {
                    _text.Replace(search.OriginalLine);
                    return null;
                }
            }

            return HandleEditingKey(key);
        }
    }

    private LineEnd? HandleEditingKey(ConsoleKeyInfo key)
    {
        if (Keyboard.IsEnter(key))
        {
            _text.Cursor = _text.Length;
            Draw();
            return LineEnd.Enter;
        }

        if (key.Modifiers.HasFlag(ConsoleModifiers.Control) && !Keyboard.IsText(key))
        {
            return HandleControlKey(key);
        }

        bool hasAlt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow or ConsoleKey.B when hasAlt:
                _text.Cursor = _text.FindWordStart();
                break;
            case ConsoleKey.RightArrow or ConsoleKey.F when hasAlt:
                _text.Cursor = _text.FindWordEnd();
                break;
            case ConsoleKey.Backspace when hasAlt:
                Delete(_text.FindWordStart(), _text.Cursor);
                break;
            case ConsoleKey.Delete or ConsoleKey.D when hasAlt:
                Delete(_text.Cursor, _text.FindWordEnd());
                break;
            case ConsoleKey.LeftArrow:
                _text.Cursor = _text.IndexBefore(_text.Cursor);
                break;
            case ConsoleKey.RightArrow:
                _text.Cursor = _text.IndexAfter(_text.Cursor);
                break;
            case ConsoleKey.Home:
                _text.Cursor = 0;
                break;
            case ConsoleKey.End:
                _text.Cursor = _text.Length;
                break;
            case ConsoleKey.Backspace:
                _text.Remove(_text.IndexBefore(_text.Cursor), _text.Cursor);
                break;
            case ConsoleKey.Delete:
                _text.Remove(_text.Cursor, _text.IndexAfter(_text.Cursor));
                break;
            case ConsoleKey.UpArrow:
                RecallHistory(_historyIndex - 1);
                break;
            case ConsoleKey.DownArrow:
                RecallHistory(_historyIndex + 1);
                break;
            default:
                // Other control characters are ignored, because they would control the terminal.
                if (Keyboard.IsText(key))
                {
                    _text.Insert(key.KeyChar.ToString());
                }

                break;
        }

        return null;
    }

    private LineEnd? HandleControlKey(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.D when _text.Length == 0:
                return LineEnd.EndOfInput;
            case ConsoleKey.C:
                _text.Cursor = _text.Length;
                Draw();
                terminal.Write("^C\n");
                (_historyIndex, _drawn, _drawnCursorOffset) = (history.Count, "", 0);
                _text.Replace("");
                break;
            case ConsoleKey.LeftArrow:
                _text.Cursor = _text.FindWordStart();
                break;
            case ConsoleKey.RightArrow:
                _text.Cursor = _text.FindWordEnd();
                break;
            case ConsoleKey.B:
                _text.Cursor = _text.IndexBefore(_text.Cursor);
                break;
            case ConsoleKey.F:
                _text.Cursor = _text.IndexAfter(_text.Cursor);
                break;
            case ConsoleKey.A or ConsoleKey.Home:
                _text.Cursor = 0;
                break;
            case ConsoleKey.E or ConsoleKey.End:
                _text.Cursor = _text.Length;
                break;
            case ConsoleKey.H:
                _text.Remove(_text.IndexBefore(_text.Cursor), _text.Cursor);
                break;
            case ConsoleKey.D:
                _text.Remove(_text.Cursor, _text.IndexAfter(_text.Cursor));
                break;
            case ConsoleKey.U:
                Delete(0, _text.Cursor);
                break;
            case ConsoleKey.K:
                Delete(_text.Cursor, _text.Length);
                break;
            case ConsoleKey.W:
                Delete(_text.FindBlankDelimitedStart(), _text.Cursor);
                break;
            case ConsoleKey.Backspace:
                Delete(_text.FindWordStart(), _text.Cursor);
                break;
            case ConsoleKey.Delete:
                Delete(_text.Cursor, _text.FindWordEnd());
                break;
            case ConsoleKey.Y:
                _text.Insert(_deleted);
                break;
            case ConsoleKey.P:
                RecallHistory(_historyIndex - 1);
                break;
            case ConsoleKey.N:
                RecallHistory(_historyIndex + 1);
                break;
            case ConsoleKey.R:
                _search = new HistorySearch(history, _text.ToString());
                break;
            case ConsoleKey.L when terminal.CanRedraw:
                terminal.Write("\e[H\e[2J");
                break;
            case ConsoleKey.Z when !OperatingSystem.IsWindows():
                terminal.Write("\n");
                UnixCalls.Suspend();
                (_drawn, _drawnCursorOffset) = ("", 0);
                break;
        }

        return null;
    }

    private async Task CompleteAsync()
    {
        if (await complete(_text.ToString()[.._text.Cursor]) is not { } completion)
        {
            return;
        }

        lock (_lock)
        {
            bool isUnchanged = completion.Text == _text.ToString()[completion.Start.._text.Cursor];
            _text.Remove(completion.Start, _text.Cursor);
            _text.Insert(completion.Text);
            if (isUnchanged && completion.Candidates.Count > 1)
            {
                terminal.Write(terminal.CanRedraw ? "\r\e[K" : "\n");
                terminal.SetPrompt(null);
                foreach (string row in CandidateList.Format(completion.Candidates, Terminal.Width - 1, Math.Max(2, Terminal.Height - 2)))
                {
                    terminal.WriteMessage(row);
                }

                (_drawn, _drawnCursorOffset) = ("", 0);
            }
        }
    }

    /// <summary>Deletes text, and stores it so that Ctrl-Y can insert it again.</summary>
    private void Delete(int from, int to)
    {
        if (to > from)
        {
            _deleted = _text.ToString()[from..to];
        }

        _text.Remove(from, to);
    }

    private void RecallHistory(int index)
    {
        if (index < 0 || index > history.Count)
        {
            return;
        }

        if (_historyIndex == history.Count)
        {
            _draft = _text.ToString();
        }

        _historyIndex = index;
        _text.Replace(index == history.Count ? _draft : history[index]);
    }

    private void AddToHistory(string line)
    {
        if (!string.IsNullOrWhiteSpace(line) && (history.Count == 0 || history[^1] != line))
        {
            history.Add(line);
            storeLine(line);
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            string prompt = _search?.Prompt ?? _prompt;
            int columns = Math.Max(8, Terminal.Width - DisplayFormat.CountColumns(prompt) - 1);
            (string beforeCursor, string afterCursor) = _text.GetVisibleText(columns);
            int cursorOffset = DisplayFormat.CountColumns(afterCursor);
            if (terminal.CanRedraw)
            {
                string moveCursor = cursorOffset > 0 ? $"\e[{cursorOffset}D" : "";
                string drawn = $"{terminal.Colorize("1", prompt)}{beforeCursor}{afterCursor}{moveCursor}";
                terminal.Write($"\r\e[K{drawn}");
                terminal.SetPrompt(drawn);
                return;
            }

            string line = prompt + beforeCursor + afterCursor;
            if (cursorOffset == 0 && _drawnCursorOffset == 0 && line.StartsWith(_drawn, StringComparison.Ordinal))
            {
                terminal.Write(line[_drawn.Length..]);
            }
            else
            {
                int drawnColumns = DisplayFormat.CountColumns(_drawn);
                int blankColumns = Math.Max(0, drawnColumns - DisplayFormat.CountColumns(line));
                string toStart = new('\b', Math.Max(0, drawnColumns - _drawnCursorOffset));
                terminal.Write($"{toStart}{line}{new string(' ', blankColumns)}{new string('\b', blankColumns + cursorOffset)}");
            }

            (_drawn, _drawnCursorOffset) = (line, cursorOffset);
            terminal.SetPrompt(line + new string('\b', cursorOffset));
        }
    }
}
