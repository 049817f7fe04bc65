using System.Diagnostics;

namespace Fts.Shell.Editing;

/// <summary>Reads keys from an interactive terminal.</summary>
internal static class Keyboard
{
    /// <summary>
    /// The maximum time between two keys of one escape sequence, as in readline. A terminal sends all keys at once, but a slow network or a
    /// busy machine can delay some of them.
    /// </summary>
    private static readonly TimeSpan SequenceTimeout = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// The minimum number of polls before a sequence times out. Without this minimum, a sequence could time out while the process is
    /// suspended.
    /// </summary>
    private const int MinPolls = 25;

    private static readonly KeyDecoder Decoder = new();

    /// <summary>Reads a key. Blocks the thread until a key is pressed.</summary>
    /// <exception cref="InvalidOperationException">The terminal is closed.</exception>
    public static ConsoleKeyInfo ReadKey() => ReadKey(Decoder, () => Console.ReadKey(intercept: true), WaitForNextKey);

    /// <summary>
    /// Reads a key. An incomplete escape sequence is discarded if its next key does not arrive in time, so that text typed after ESC is not
    /// part of a sequence.
    /// </summary>
    /// <param name="decoder">Decodes escape sequences.</param>
    /// <param name="readKey">Waits for the next key that .NET reports, and returns it.</param>
    /// <param name="waitForNext">Waits for a short time, and returns whether the next key is available.</param>
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
        for (int polls = 0; !Console.KeyAvailable; polls++)
        {
            if (polls >= MinPolls && Stopwatch.GetElapsedTime(start) >= SequenceTimeout)
            {
                return false;
            }

            Thread.Sleep(PollInterval);
        }

        return true;
    }

    /// <summary>Makes Ctrl-C a key, instead of a signal, until the returned scope is disposed.</summary>
    public static ControlCScope CaptureControlC()
    {
        Console.TreatControlCAsInput = true;
        return default;
    }

    /// <summary>
    /// Returns whether a key types text: not a control character, and without Alt. Ctrl with Alt is AltGr, which types text.
    /// </summary>
    public static bool IsText(ConsoleKeyInfo key) =>
        !char.IsControl(key.KeyChar) && (!key.Modifiers.HasFlag(ConsoleModifiers.Alt) || key.Modifiers.HasFlag(ConsoleModifiers.Control));

    /// <summary>Returns whether a key ends a line. Ctrl-J is a line feed.</summary>
    public static bool IsEnter(ConsoleKeyInfo key) => key.Key == ConsoleKey.Enter || key.KeyChar is '\r' or '\n';

    /// <summary>Returns whether a key is the given letter with Ctrl.</summary>
    public static bool IsControl(ConsoleKeyInfo key, ConsoleKey letter) => key.Key == letter && key.Modifiers == ConsoleModifiers.Control;

    /// <summary>The scope in which Ctrl-C is a key.</summary>
    public readonly struct ControlCScope : IDisposable
    {
        /// <summary>Makes Ctrl-C a signal again.</summary>
        public void Dispose() => Console.TreatControlCAsInput = false;
    }
}
