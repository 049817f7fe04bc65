using System.Diagnostics;

namespace Fts.Shell.Editing;

/// <summary>The keys that are pressed, one by one. Only for an interactive terminal.</summary>
internal static class Keyboard
{
    /// <summary>The longest time between two keys of one escape sequence. A terminal sends all of them at once.</summary>
    private static readonly TimeSpan SequenceTimeout = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(2);

    private static readonly KeyDecoder Decoder = new();

    /// <summary>Waits for a key. Blocks the thread.</summary>
    /// <exception cref="InvalidOperationException">The terminal is closed.</exception>
    public static ConsoleKeyInfo ReadKey() => ReadKey(Decoder, () => Console.ReadKey(intercept: true), WaitForNextKey);

    /// <summary>
    /// Waits for a key. An escape sequence ends when its next key does not arrive in time, so that ESC alone never swallows the text typed after it.
    /// </summary>
    /// <param name="decoder">Joins the keys of a sequence.</param>
    /// <param name="readKey">Waits for the next key of the runtime.</param>
    /// <param name="waitForNext">Waits for a short time, and returns whether a key of the runtime can be read.</param>
    public static ConsoleKeyInfo ReadKey(KeyDecoder decoder, Func<ConsoleKeyInfo> readKey, Func<bool> waitForNext)
    {
        while (true)
        {
            if (decoder.IsInSequence && !waitForNext())
            {
                decoder.Reset();
            }

            if (decoder.Decode(readKey()) is { } key)
            {
                return key;
            }
        }
    }

    private static bool WaitForNextKey()
    {
        long start = Stopwatch.GetTimestamp();
        while (!Console.KeyAvailable)
        {
            if (Stopwatch.GetElapsedTime(start) >= SequenceTimeout)
            {
                return false;
            }

            Thread.Sleep(PollInterval);
        }

        return true;
    }

    /// <summary>Makes Ctrl-C a key until the scope is disposed. Outside it is a signal.</summary>
    public static ControlCScope CaptureControlC()
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
    public readonly struct ControlCScope : IDisposable
    {
        public void Dispose() => Console.TreatControlCAsInput = false;
    }
}
