namespace Fts.Shell.Editing;

/// <summary>Ctrl-R: finds earlier lines by a part of them, as in readline.</summary>
/// <param name="history">The earlier lines.</param>
/// <param name="before">The line when the search began.</param>
internal sealed class HistorySearch(List<string> history, string before)
{
    private string _part = "";
    private string? _found;
    private int _at = history.Count;
    private bool _hasNoMatch;

    /// <summary>The line when the search began.</summary>
    public string Before => before;

    /// <summary>The prompt while the search runs.</summary>
    public string Prompt => _hasNoMatch ? $"(no match for '{_part}') " : $"(search '{_part}') ";

    /// <summary>Takes a key. Returns the line found so far, or null if the key ends the search. Without a match the line is empty.</summary>
    public string? Press(ConsoleKeyInfo key)
    {
        if (Keyboard.IsControl(key, ConsoleKey.R))
        {
            // Before the oldest match the line stays.
            _ = _hasNoMatch || TryFind(_at - 1);
        }
        else if (key.Key == ConsoleKey.Backspace || Keyboard.IsControl(key, ConsoleKey.H))
        {
            _part = _part.Length > 0 ? _part[..^1] : _part;
            Restart(history.Count - 1);
        }
        else if (Keyboard.IsText(key))
        {
            _part += key.KeyChar;
            Restart(Math.Min(_at, history.Count - 1));
        }
        else
        {
            return null;
        }

        return _hasNoMatch ? "" : _found ?? before;
    }

    /// <summary>Searches for a changed text.</summary>
    private void Restart(int from)
    {
        _found = null;
        _hasNoMatch = !TryFind(from) && _part.Length > 0;
    }

    private bool TryFind(int from)
    {
        for (int i = from; i >= 0 && _part.Length > 0; i--)
        {
            if (history[i].Contains(_part, StringComparison.OrdinalIgnoreCase))
            {
                (_at, _found) = (i, history[i]);
                return true;
            }
        }

        return false;
    }
}
