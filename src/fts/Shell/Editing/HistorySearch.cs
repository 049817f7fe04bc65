namespace Fts.Shell.Editing;

/// <summary>The history search of Ctrl-R: finds the latest line that contains the typed text, as in readline.</summary>
/// <param name="history">The earlier lines.</param>
/// <param name="originalLine">The line at the start of the search.</param>
internal sealed class HistorySearch(List<string> history, string originalLine)
{
    private string _pattern = "";
    private string? _found;
    private int _index = history.Count;
    private bool _hasNoMatch;

    /// <summary>The line at the start of the search.</summary>
    public string OriginalLine => originalLine;

    /// <summary>The prompt during the search.</summary>
    public string Prompt => _hasNoMatch ? $"(no match for '{_pattern}') " : $"(search '{_pattern}') ";

    /// <summary>
    /// Handles a key. Returns the found line, an empty line if no line matches, or the original line if no text is typed. Returns null if
    /// the key ends the search.
    /// </summary>
    public string? HandleKey(ConsoleKeyInfo key)
    {
        if (Keyboard.IsControl(key, ConsoleKey.R))
        {
            // If no older line matches, the current match remains.
            if (!_hasNoMatch)
            {
                TryFind(_index - 1);
            }
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

    /// <summary>Searches for the changed pattern, from the line at an index to older lines.</summary>
    private void SearchFrom(int from)
    {
        _found = null;
        _hasNoMatch = !TryFind(from) && _pattern.Length > 0;
    }

    /// <summary>Finds the latest line, at or before an index, that contains the pattern.</summary>
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
