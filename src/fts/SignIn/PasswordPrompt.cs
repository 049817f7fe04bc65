using System.Text;

namespace Fts.Cli;

/// <summary>Asks for a password without showing it. Only called where there is a terminal to ask on.</summary>
internal static class PasswordPrompt
{
    public static string Ask(Terminal terminal, string question)
    {
        var password = new StringBuilder();
        Console.TreatControlCAsInput = true;
        try
        {
            terminal.Write(question);
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                switch (key)
                {
                    case { Key: ConsoleKey.Enter }:
                        return password.ToString();
                    case { Key: ConsoleKey.C or ConsoleKey.D, Modifiers: ConsoleModifiers.Control }:
                        throw new FailureException(ExitCode.Interrupted, "no password given");
                    case { Key: ConsoleKey.Backspace }:
                        password.Length = Math.Max(0, password.Length - 1);
                        break;
                    case { KeyChar: >= ' ' }:
                        password.Append(key.KeyChar);
                        break;
                }
            }
        }
        finally
        {
            Console.TreatControlCAsInput = false;
            terminal.Write("\n");
        }
    }
}
