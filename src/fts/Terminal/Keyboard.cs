namespace Fts.Cli;

/// <summary>The keys that are pressed, one by one. Only for an interactive terminal.</summary>
internal static class Keyboard
{
    /// <summary>One for the process: a sequence may begin in one prompt and end in the next.</summary>
    private static readonly KeyDecoder Decoder = new();

    /// <summary>Waits for a key. Blocks the thread.</summary>
    /// <exception cref="InvalidOperationException">The terminal is closed.</exception>
    public static ConsoleKeyInfo Read()
    {
        while (true)
        {
            if (Decoder.Decode(Console.ReadKey(intercept: true)) is { } key)
            {
                return key;
            }
        }
    }

    /// <summary>Makes Ctrl-C a key until the scope is disposed. Outside it is a signal.</summary>
    public static Scope Open()
    {
        Console.TreatControlCAsInput = true;
        return default;
    }

    /// <summary>Returns whether a key stands for text: no control character, not with Alt.</summary>
    public static bool IsText(ConsoleKeyInfo key) =>
        !char.IsControl(key.KeyChar) && (!key.Modifiers.HasFlag(ConsoleModifiers.Alt) || key.Modifiers.HasFlag(ConsoleModifiers.Control));

    /// <summary>Returns whether a key ends a line. Ctrl-J is a line feed.</summary>
    public static bool IsEnter(ConsoleKeyInfo key) => key.Key == ConsoleKey.Enter || key.KeyChar is '\r' or '\n';

    /// <summary>Returns whether a key is a letter with Ctrl.</summary>
    public static bool IsControl(ConsoleKeyInfo key, ConsoleKey letter) => key.Key == letter && key.Modifiers == ConsoleModifiers.Control;

    /// <summary>Ctrl-C is a key.</summary>
    public readonly struct Scope : IDisposable
    {
        public void Dispose() => Console.TreatControlCAsInput = false;
    }
}
