namespace Fts.Shell.Editing;

/// <summary>Ctrl-R: finds earlier lines by a part of them, as in readline.</summary>
/// <param name="history">The earlier lines.</param>
/// <param name="originalLine">The line when the search began.</param>
internal sealed class HistorySearch(List<string> history, string originalLine)
{
    private string _pattern = "";
    private string? _found;
    private int _index = history.Count;
    private bool _hasNoMatch;

    /// <summary>The line when the search began.</summary>
    public string OriginalLine => originalLine;

    /// <summary>The prompt while the search runs.</summary>
    public string Prompt => _hasNoMatch ? $"(no match for '{_pattern}') " : $"(search '{_pattern}') ";

    /// <summary>Takes a key. Returns the line found so far, or null if the key ends the search. Without a match the line is empty.</summary>
    public string? HandleKey(ConsoleKeyInfo key)
    {
        if (Keyboard.IsControl(key, ConsoleKey.R))
        {
            // Before the oldest match the line stays.
            _ = _hasNoMatch || TryFind(_index - 1);
        }
        else if (key.Key == ConsoleKey.Backspace || Keyboard.IsControl(key, ConsoleKey.H))
        {
            _pattern = _pattern.Length > 0 ? _pattern[..^1] : _pattern;
            SearchFrom(history.Count - 1);
        }
        else if (Keyboard.IsText(key))
        {
            _pattern += key.KeyChar;
            SearchFrom(Math.Min(_index, history.Count - 1));
        }
        else
        {
            return null;
        }

        return _hasNoMatch ? "" : _found ?? originalLine;
    }

    /// <summary>Searches for a changed text.</summary>
    private void SearchFrom(int from)
    {
        _found = null;
        _hasNoMatch = !TryFind(from) && _pattern.Length > 0;
    }

    private bool TryFind(int from)
    {
        for (int i = from; i >= 0 && _pattern.Length > 0; i--)
        {
            if (history[i].Contains(_pattern, StringComparison.OrdinalIgnoreCase))
            {
                (_index, _found) = (i, history[i]);
                return true;
            }
        }

        return false;
    }
}
