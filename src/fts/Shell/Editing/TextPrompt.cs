using System.Text;
using Fts.Cli;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Editing;

/// <summary>Reads an answer or a password from a terminal.</summary>
internal static class TextPrompt
{
    /// <summary>
    /// Reads an answer. Ctrl-U deletes the answer, Ctrl-W deletes a word, and Backspace deletes a character. Other keys that are not text
    /// are ignored. Afterwards, the cursor is at the beginning of a new line.
    /// </summary>
    /// <param name="terminal">The terminal.</param>
    /// <param name="question">The question, with the space after it.</param>
    /// <param name="isEchoed">Whether the typed text is shown; false for a password.</param>
    /// <returns>The answer, or null after Ctrl-C, after Ctrl-D without text, or if the terminal was closed.</returns>
    public static string? ReadAnswer(Terminal terminal, string question, bool isEchoed)
    {
        var text = new StringBuilder();
        string end = "\n";
        using Keyboard.ControlCScope keys = Keyboard.CaptureControlC();
        try
        {
            terminal.Write(question);
            while (true)
            {
                ConsoleKeyInfo key = Keyboard.ReadKey();
                int length = text.Length;
                if (Keyboard.IsEnter(key))
                {
                    return text.ToString();
                }

                if (Keyboard.IsControl(key, ConsoleKey.C) || (Keyboard.IsControl(key, ConsoleKey.D) && length == 0))
                {
                    end = Keyboard.IsControl(key, ConsoleKey.C) ? "^C\n" : end;
                    return null;
                }

                string before = isEchoed ? text.ToString() : "";
                ApplyKey(text, key);
                if (isEchoed)
                {
                    Redraw(terminal, before, text.ToString());
                }
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal has been closed.
            return null;
        }
        finally
        {
            terminal.Write(end);
        }
    }

    private static void ApplyKey(StringBuilder text, ConsoleKeyInfo key)
    {
        if (Keyboard.IsControl(key, ConsoleKey.U))
        {
            text.Clear();
        }
        else if (Keyboard.IsControl(key, ConsoleKey.W))
        {
            text.Length = text.ToString().TrimEnd().LastIndexOf(' ') + 1;
        }
        else if (key.Key == ConsoleKey.Backspace || Keyboard.IsControl(key, ConsoleKey.H))
        {
            bool isPair = text.Length > 1 && char.IsLowSurrogate(text[^1]);
            text.Length = Math.Max(0, text.Length - (isPair ? 2 : 1));
        }
        else if (Keyboard.IsText(key))
        {
            text.Append(key.KeyChar);
        }
    }

    /// <summary>Updates the displayed answer with backspaces, which every terminal supports.</summary>
    private static void Redraw(Terminal terminal, string before, string after)
    {
        // The first half of a surrogate pair is shown together with the second half.
        if (before == after || (after.Length > 0 && char.IsHighSurrogate(after[^1])))
        {
            return;
        }

        string shown = before.Length > 0 && char.IsHighSurrogate(before[^1]) ? before[..^1] : before;
        int erased = after.StartsWith(shown, StringComparison.Ordinal)
            ? 0
            : DisplayFormat.CountColumns(shown.ToPrintable()) - DisplayFormat.CountColumns(after.ToPrintable());
        terminal.Write(erased > 0 ? string.Concat(Enumerable.Repeat("\b \b", erased)) : after[shown.Length..].ToPrintable());
    }
}
