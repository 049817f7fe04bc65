using System.Text;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>What ended an edited line.</summary>
internal enum LineEnd
{
    /// <summary>Return: the line is to be run.</summary>
    Enter,
    /// <summary>Ctrl-D on an empty line, or the terminal is gone.</summary>
    EndOfInput,
    /// <summary>Ctrl-C on an empty line; on any other it only clears.</summary>
    Interrupt,
}

/// <summary>
/// One line typed on a terminal: cursor keys, history, Tab. Redraws the line from its start after each key, scrolled sideways when it is longer than the
/// screen, so that it never wraps.
/// </summary>
/// <param name="terminal">Where it is drawn.</param>
/// <param name="history">The lines typed before; grows.</param>
/// <param name="complete">The possible ends of the text before the cursor.</param>
internal sealed class LineEditor(Terminal terminal, List<string> history, Func<string, Task<Completion?>> complete)
{
    private readonly StringBuilder _line = new();
    private string _prompt = "";
    private int _cursor;
    private int _historyAt;
    private string _draft = "";

    /// <summary>Lets the user type a line.</summary>
    public async Task<(LineEnd End, string Line)> ReadAsync(string prompt)
    {
        (_prompt, _cursor, _historyAt, _draft) = (prompt, 0, history.Count, "");
        _line.Clear();
        // While a line is edited Ctrl-C is a key; while a command runs it is a signal. Set first: keys may be typed ahead of the prompt.
        Console.TreatControlCAsInput = true;
        try
        {
            Draw();
            while (true)
            {
                LineEnd? end = await PressAsync(Console.ReadKey(intercept: true));
                if (end is not null)
                {
                    string line = _line.ToString();
                    Remember(line);
                    return (end.Value, line);
                }
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal has been closed.
            return (LineEnd.EndOfInput, "");
        }
        finally
        {
            Console.TreatControlCAsInput = false;
            terminal.Write("\n");
        }
    }

    private async Task<LineEnd?> PressAsync(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                _cursor = _line.Length;
                Draw();
                return LineEnd.Enter;
            case ConsoleKey.D when control && _line.Length == 0:
                return LineEnd.EndOfInput;
            case ConsoleKey.C when control && _line.Length == 0:
                return LineEnd.Interrupt;
            case ConsoleKey.C when control:
                Replace("");
                break;
            case ConsoleKey.LeftArrow or ConsoleKey.B when control || key.Key == ConsoleKey.LeftArrow:
                _cursor = Before(_cursor);
                break;
            case ConsoleKey.RightArrow or ConsoleKey.F when control || key.Key == ConsoleKey.RightArrow:
                _cursor = After(_cursor);
                break;
            case ConsoleKey.Home or ConsoleKey.A when control || key.Key == ConsoleKey.Home:
                _cursor = 0;
                break;
            case ConsoleKey.End or ConsoleKey.E when control || key.Key == ConsoleKey.End:
                _cursor = _line.Length;
                break;
            case ConsoleKey.Backspace:
                Remove(Before(_cursor), _cursor);
                break;
            case ConsoleKey.Delete or ConsoleKey.D when control || key.Key == ConsoleKey.Delete:
                Remove(_cursor, After(_cursor));
                break;
            case ConsoleKey.U when control:
                Remove(0, _cursor);
                break;
            case ConsoleKey.K when control:
                Remove(_cursor, _line.Length);
                break;
            case ConsoleKey.W when control:
                Remove(_line.ToString(0, _cursor).TrimEnd().LastIndexOf(' ') + 1, _cursor);
                break;
            case ConsoleKey.UpArrow or ConsoleKey.P when control || key.Key == ConsoleKey.UpArrow:
                Recall(_historyAt - 1);
                break;
            case ConsoleKey.DownArrow or ConsoleKey.N when control || key.Key == ConsoleKey.DownArrow:
                Recall(_historyAt + 1);
                break;
            case ConsoleKey.L when control:
                terminal.Write("\e[H\e[2J");
                break;
            case ConsoleKey.Tab:
                await CompleteAsync();
                break;
            default:
                // Control characters that are no key of ours would drive the terminal when drawn.
                if (!char.IsControl(key.KeyChar))
                {
                    _line.Insert(_cursor++, key.KeyChar);
                }

                break;
        }

        Draw();
        return null;
    }

    private async Task CompleteAsync()
    {
        if (await complete(_line.ToString(0, _cursor)) is not { } completion)
        {
            return;
        }

        bool same = completion.Text == _line.ToString(completion.Start, _cursor - completion.Start);
        Remove(completion.Start, _cursor);
        _line.Insert(_cursor, completion.Text);
        _cursor += completion.Text.Length;
        if (same && completion.Choices.Count > 1)
        {
            terminal.Write("\r\e[K");
            terminal.Say(string.Join("  ", completion.Choices.Select(choice => choice.Visible())));
        }
    }

    private void Recall(int index)
    {
        if (index < 0 || index > history.Count)
        {
            return;
        }

        _draft = _historyAt == history.Count ? _line.ToString() : _draft;
        _historyAt = index;
        Replace(index == history.Count ? _draft : history[index]);
    }

    private void Remember(string line)
    {
        if (!string.IsNullOrWhiteSpace(line) && (history.Count == 0 || history[^1] != line))
        {
            history.Add(line);
        }
    }

    private void Replace(string text)
    {
        _line.Clear().Append(text);
        _cursor = text.Length;
    }

    private void Remove(int from, int to)
    {
        _line.Remove(from, to - from);
        _cursor = from;
    }

    /// <summary>A surrogate pair is one character.</summary>
    private int Before(int at) => at == 0 ? 0 : at > 1 && char.IsLowSurrogate(_line[at - 1]) ? at - 2 : at - 1;

    private int After(int at) => at == _line.Length ? at : at + 1 < _line.Length && char.IsHighSurrogate(_line[at]) ? at + 2 : at + 1;

    private void Draw()
    {
        int room = Math.Max(8, Terminal.Width - Amounts.Columns(_prompt) - 1);
        int start = 0;
        while (Amounts.Columns(Shown(start, _cursor)) > room)
        {
            start = After(start);
        }

        int end = _cursor;
        while (end < _line.Length && Amounts.Columns(Shown(start, After(end))) <= room)
        {
            end = After(end);
        }

        int back = Amounts.Columns(Shown(_cursor, end));
        terminal.Write($"\r\e[K{terminal.Paint("1", _prompt)}{Shown(start, end)}{(back > 0 ? $"\e[{back}D" : "")}");
    }

    /// <summary>
    /// Returns a part of the line for display. Completed names and pasted text may contain control characters, which are escaped.
    /// </summary>
    private string Shown(int start, int end) => _line.ToString(start, end - start).Visible();
}
