using System.Runtime.InteropServices;
using Fts.Cli;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Editing;

/// <summary>What ended an edited line.</summary>
internal enum LineEnd
{
    /// <summary>Return: the line is to be run.</summary>
    Enter,
    /// <summary>Ctrl-D on an empty line, or the terminal is gone.</summary>
    EndOfInput,
}

/// <summary>
/// One line typed on a terminal: cursor keys, history, Tab. Redraws the line from its start after each key, scrolled sideways when it is longer than the
/// screen, so that it never wraps. On a terminal without escape sequences it uses backspaces.
/// </summary>
/// <param name="terminal">Where it is drawn.</param>
/// <param name="history">The lines typed before; grows.</param>
/// <param name="complete">The possible ends of the text before the cursor.</param>
internal sealed class LineEditor(Terminal terminal, List<string> history, Func<string, Task<Completion?>> complete)
{
    /// <summary>Held while a key changes the line or the line is drawn, because a resized terminal redraws it from another thread.</summary>
    private readonly Lock _lock = new();
    private readonly LineText _text = new();
    private string _prompt = "";
    private int _historyAt;
    private string _draft = "", _deleted = "";
    private string _shown = "";
    private int _shownBack;
    private HistorySearch? _search;

    /// <summary>Lets the user type a line. Ctrl-C clears it and shows the prompt again.</summary>
    public async Task<(LineEnd End, string Line)> ReadAsync(string prompt)
    {
        Begin(prompt);
        // While a line is edited Ctrl-C is a key; while a command runs it is a signal. Set first: keys may be typed ahead of the prompt.
        using Keyboard.Scope keys = Keyboard.Open();
        using PosixSignalRegistration? resized = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Draw());
        try
        {
            Draw();
            while (true)
            {
                ConsoleKeyInfo key = Keyboard.Read();
                LineEnd? end = null;
                if (key.Key == ConsoleKey.Tab && _search is null)
                {
                    await CompleteAsync();
                }
                else
                {
                    end = Press(key);
                }

                if (end is not null)
                {
                    string line = _text.ToString();
                    Remember(line);
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
            terminal.Write("\n");
        }
    }

    private void Begin(string prompt)
    {
        lock (_lock)
        {
            (_prompt, _historyAt, _draft, _shown, _shownBack, _search) = (prompt, history.Count, "", "", 0, null);
            _text.Replace("");
        }
    }

    private LineEnd? Press(ConsoleKeyInfo key)
    {
        lock (_lock)
        {
            if (_search is { } search)
            {
                if (search.Press(key) is { } found)
                {
                    _text.Replace(found);
                    return null;
                }

                _search = null;
                if (Keyboard.IsControl(key, ConsoleKey.G) || Keyboard.IsControl(key, ConsoleKey.C))
                {
                    _text.Replace(search.Before);
                    return null;
                }
            }

            return PressPlain(key);
        }
    }

    private LineEnd? PressPlain(ConsoleKeyInfo key)
    {
        if (Keyboard.IsEnter(key))
        {
            _text.Cursor = _text.Length;
            Draw();
            return LineEnd.Enter;
        }

        if (key.Modifiers.HasFlag(ConsoleModifiers.Control) && !Keyboard.IsText(key))
        {
            return PressControl(key);
        }

        bool hasAlt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow or ConsoleKey.B when hasAlt:
                _text.Cursor = _text.WordBefore();
                break;
            case ConsoleKey.RightArrow or ConsoleKey.F when hasAlt:
                _text.Cursor = _text.WordAfter();
                break;
            case ConsoleKey.Backspace when hasAlt:
                Delete(_text.WordBefore(), _text.Cursor);
                break;
            case ConsoleKey.Delete or ConsoleKey.D when hasAlt:
                Delete(_text.Cursor, _text.WordAfter());
                break;
            case ConsoleKey.LeftArrow:
                _text.Cursor = _text.Before(_text.Cursor);
                break;
            case ConsoleKey.RightArrow:
                _text.Cursor = _text.After(_text.Cursor);
                break;
            case ConsoleKey.Home:
                _text.Cursor = 0;
                break;
            case ConsoleKey.End:
                _text.Cursor = _text.Length;
                break;
            case ConsoleKey.Backspace:
                _text.Remove(_text.Before(_text.Cursor), _text.Cursor);
                break;
            case ConsoleKey.Delete:
                _text.Remove(_text.Cursor, _text.After(_text.Cursor));
                break;
            case ConsoleKey.UpArrow:
                Recall(_historyAt - 1);
                break;
            case ConsoleKey.DownArrow:
                Recall(_historyAt + 1);
                break;
            default:
                // Control characters that are no key of ours would drive the terminal when drawn.
                if (Keyboard.IsText(key))
                {
                    _text.Insert(key.KeyChar.ToString());
                }

                break;
        }

        return null;
    }

    private LineEnd? PressControl(ConsoleKeyInfo key)
    {
        switch (key.Key)
        {
            case ConsoleKey.D when _text.Length == 0:
                return LineEnd.EndOfInput;
            case ConsoleKey.C:
                _text.Cursor = _text.Length;
                Draw();
                terminal.Write("^C\n");
                (_historyAt, _shown, _shownBack) = (history.Count, "", 0);
                _text.Replace("");
                break;
            case ConsoleKey.LeftArrow:
                _text.Cursor = _text.WordBefore();
                break;
            case ConsoleKey.RightArrow:
                _text.Cursor = _text.WordAfter();
                break;
            case ConsoleKey.B:
                _text.Cursor = _text.Before(_text.Cursor);
                break;
            case ConsoleKey.F:
                _text.Cursor = _text.After(_text.Cursor);
                break;
            case ConsoleKey.A or ConsoleKey.Home:
                _text.Cursor = 0;
                break;
            case ConsoleKey.E or ConsoleKey.End:
                _text.Cursor = _text.Length;
                break;
            case ConsoleKey.H:
                _text.Remove(_text.Before(_text.Cursor), _text.Cursor);
                break;
            case ConsoleKey.D:
                _text.Remove(_text.Cursor, _text.After(_text.Cursor));
                break;
            case ConsoleKey.U:
                Delete(0, _text.Cursor);
                break;
            case ConsoleKey.K:
                Delete(_text.Cursor, _text.Length);
                break;
            case ConsoleKey.W:
                Delete(_text.BlankBefore(), _text.Cursor);
                break;
            case ConsoleKey.Backspace:
                Delete(_text.WordBefore(), _text.Cursor);
                break;
            case ConsoleKey.Delete:
                Delete(_text.Cursor, _text.WordAfter());
                break;
            case ConsoleKey.Y:
                _text.Insert(_deleted);
                break;
            case ConsoleKey.P:
                Recall(_historyAt - 1);
                break;
            case ConsoleKey.N:
                Recall(_historyAt + 1);
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
                (_shown, _shownBack) = ("", 0);
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
            bool same = completion.Text == _text.ToString()[completion.Start.._text.Cursor];
            _text.Remove(completion.Start, _text.Cursor);
            _text.Insert(completion.Text);
            if (same && completion.Choices.Count > 1)
            {
                terminal.Write(terminal.CanRedraw ? "\r\e[K" : "\n");
                terminal.Say(string.Join("  ", completion.Choices.Select(choice => choice.ToPrintable())));
                (_shown, _shownBack) = ("", 0);
            }
        }
    }

    /// <summary>Deletes text that Ctrl-Y inserts again.</summary>
    private void Delete(int from, int to)
    {
        _deleted = to > from ? _text.ToString()[from..to] : _deleted;
        _text.Remove(from, to);
    }

    private void Recall(int index)
    {
        if (index < 0 || index > history.Count)
        {
            return;
        }

        _draft = _historyAt == history.Count ? _text.ToString() : _draft;
        _historyAt = index;
        _text.Replace(index == history.Count ? _draft : history[index]);
    }

    private void Remember(string line)
    {
        if (!string.IsNullOrWhiteSpace(line) && (history.Count == 0 || history[^1] != line))
        {
            history.Add(line);
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            string prompt = _search?.Prompt ?? _prompt;
            int room = Math.Max(8, Terminal.Width - Amounts.Columns(prompt) - 1);
            (string before, string after) = _text.Shown(room);
            int back = Amounts.Columns(after);
            if (terminal.CanRedraw)
            {
                terminal.Write($"\r\e[K{terminal.Paint("1", prompt)}{before}{after}{(back > 0 ? $"\e[{back}D" : "")}");
                return;
            }

            string line = prompt + before + after;
            if (back == 0 && _shownBack == 0 && line.StartsWith(_shown, StringComparison.Ordinal))
            {
                terminal.Write(line[_shown.Length..]);
            }
            else
            {
                int shown = Amounts.Columns(_shown), blank = Math.Max(0, shown - Amounts.Columns(line));
                terminal.Write($"{new string('\b', Math.Max(0, shown - _shownBack))}{line}{new string(' ', blank)}{new string('\b', blank + back)}");
            }

            (_shown, _shownBack) = (line, back);
        }
    }
}
