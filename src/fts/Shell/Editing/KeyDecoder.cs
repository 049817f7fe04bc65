using System.Globalization;
using System.Text;

namespace Fts.Shell.Editing;

/// <summary>
/// Decodes the escape sequences that .NET reports as one key per character, because .NET does not recognise the sequence or the sequence
/// arrives in two parts. Ignores sequences without a known key.
/// </summary>
/// <remarks>
/// Returns at most one key for each key that .NET reports. Performs no I/O. Not thread-safe. .NET reports ESC and [ like a typed bracket if
/// these two bytes arrive together and without the rest of the sequence. The rest then counts as typed text.
/// </remarks>
internal sealed class KeyDecoder
{
    private const char Escape = '\e', Bell = '\a';

    private readonly StringBuilder _parameters = new();
    private State _state;
    private bool _hasAlt; // an additional ESC before a sequence means Alt

    private enum State
    {
        Ground,
        /// <summary>After ESC.</summary>
        Escaped,
        /// <summary>After ESC [ (ECMA-48 §5.4): parameters until a final byte.</summary>
        Control,
        /// <summary>After ESC O: one more character.</summary>
        Single,
        /// <summary>
        /// After ESC [ [, which the Linux console sends for function keys, and after ESC in a text: one more character, which is ignored.
        /// </summary>
        Ignored,
        /// <summary>After ESC ] or ESC P: text until BEL or ESC \.</summary>
        Text,
    }

    /// <summary>Whether an escape sequence is incomplete.</summary>
    public bool IsInSequence => _state != State.Ground;

    /// <summary>Discards the incomplete sequence.</summary>
    public void Reset() => EnterState(State.Ground, hasAlt: false);

    /// <summary>
    /// Processes the next key that .NET reports. Returns the pressed key, or null inside an incomplete or unknown sequence.
    /// </summary>
    public ConsoleKeyInfo? Decode(ConsoleKeyInfo key)
    {
        char c = key.KeyChar;
        switch (_state)
        {
            case State.Ground when c == Escape:
                return EnterState(State.Escaped, key.Modifiers.HasFlag(ConsoleModifiers.Alt));
            case State.Ground when key.Modifiers.HasFlag(ConsoleModifiers.Alt) && IsIntroducer(c):
                // .NET reports ESC and the next character as one key with Alt.
                return EnterState(GetIntroducedState(c), hasAlt: false);
            case State.Ground:
                return key;
            case State.Escaped when c == Escape:
                return EnterState(State.Escaped, hasAlt: true);
            case State.Escaped when IsIntroducer(c):
                return EnterState(GetIntroducedState(c), _hasAlt);
            case State.Escaped:
                _state = State.Ground;
                return c is '\r' or '\n' or '\x03' ? key : AddAlt(key);
            case var _ when c == Escape:
                // ESC starts a new sequence. In the text of a sequence, ESC and a backslash end the text.
                return EnterState(_state == State.Text ? State.Ignored : State.Escaped, hasAlt: false);
            case var _ when char.IsControl(c) && c != '\0':
                bool isEnd = _state == State.Text && c == Bell;
                _state = State.Ground;
                return isEnd ? null : key;
            case State.Control when c == '[' && _parameters.Length == 0:
                return EnterState(State.Ignored, _hasAlt);
            case State.Control when c is >= ' ' and <= '?':
                _parameters.Append(c);
                return null;
            case State.Control:
                _state = State.Ground;
                return key.Modifiers == ConsoleModifiers.None || c is >= '@' and <= '~' ? DecodeControlSequence(c) : null;
            case State.Single:
                _state = State.Ground;
                return DecodeSingleShift(c);
            case State.Ignored:
                _state = State.Ground;
                return null;
            default:
                return null;
        }
    }

    /// <summary>Returns whether a character starts a sequence after ESC.</summary>
    private static bool IsIntroducer(char c) => c is '[' or 'O' or ']' or 'P';

    private static State GetIntroducedState(char c) => c switch
    {
        '[' => State.Control,
        'O' => State.Single,
        _ => State.Text,
    };

    private static ConsoleKeyInfo AddAlt(ConsoleKeyInfo key) => new(
        key.KeyChar, key.Key, key.Modifiers.HasFlag(ConsoleModifiers.Shift), alt: true, key.Modifiers.HasFlag(ConsoleModifiers.Control));

    private ConsoleKeyInfo? EnterState(State state, bool hasAlt)
    {
        (_state, _hasAlt) = (state, hasAlt);
        _parameters.Clear();
        return null;
    }

    /// <summary>Returns the key of a sequence by its final byte and its parameters, as xterm and rxvt send them.</summary>
    private ConsoleKeyInfo? DecodeControlSequence(char final)
    {
        string[] parameters = _parameters.ToString().Split(';');
        ConsoleKey key = final switch
        {
            'A' => ConsoleKey.UpArrow,
            'B' => ConsoleKey.DownArrow,
            'C' => ConsoleKey.RightArrow,
            'D' => ConsoleKey.LeftArrow,
            'H' => ConsoleKey.Home,
            'F' => ConsoleKey.End,
            '~' or '^' => parameters[0] switch
            {
                "1" or "7" => ConsoleKey.Home,
                "4" or "8" => ConsoleKey.End,
                "3" => ConsoleKey.Delete,
                _ => ConsoleKey.None,
            },
            _ => ConsoleKey.None,
        };

        // The second parameter is 1 plus the sum of 1 for Shift, 2 for Alt and 4 for Ctrl.
        bool hasModifiers = int.TryParse(parameters.ElementAtOrDefault(1), NumberStyles.None, CultureInfo.InvariantCulture, out int sum);
        int bits = hasModifiers ? sum - 1 : 0;
        return key == ConsoleKey.None ? null : CreateKey(key, (bits & 2) != 0, (bits & 4) != 0 || final == '^');
    }

    private ConsoleKeyInfo? DecodeSingleShift(char c) => c switch
    {
        'A' => CreateKey(ConsoleKey.UpArrow),
        'B' => CreateKey(ConsoleKey.DownArrow),
        'C' => CreateKey(ConsoleKey.RightArrow),
        'D' => CreateKey(ConsoleKey.LeftArrow),
        'H' => CreateKey(ConsoleKey.Home),
        'F' => CreateKey(ConsoleKey.End),
        'M' => new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false),
        'c' => CreateKey(ConsoleKey.RightArrow, hasControl: true),
        'd' => CreateKey(ConsoleKey.LeftArrow, hasControl: true),
        _ => null,
    };

    private ConsoleKeyInfo CreateKey(ConsoleKey key, bool hasAlt = false, bool hasControl = false) =>
        new('\0', key, false, hasAlt || _hasAlt, hasControl);
}
