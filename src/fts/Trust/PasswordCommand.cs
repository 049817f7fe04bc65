using System.ComponentModel;
using System.Diagnostics;
using Fts.Cli;
using Fts.Shell;

namespace Fts.Trust;

/// <summary>
/// Runs the program of <c>--password-command</c>, such as a password manager. No shell runs, so that characters such as <c>$</c>, <c>;</c>
/// and <c>|</c> have no meaning.
/// </summary>
internal static class PasswordCommand
{
    /// <summary>
    /// The time after which the program must have exited. A password manager may wait for the user, who unlocks it.
    /// </summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Runs the program and returns the first line of its output. The program can use the terminal: it shares standard input and error.
    /// </summary>
    /// <exception cref="UserErrorException">The program cannot be run, fails, takes too long, or prints nothing.</exception>
    public static string Run(string command)
    {
        string[] words = [.. ShellLineParser.SplitWords(command).Select(word => word.Text)];
        if (words.Length == 0)
        {
            throw CommandLine.CreateUsageError("--password-command: the command is empty");
        }

        try
        {
            using Process process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true })!;
            Task<string> reading = process.StandardOutput.ReadToEndAsync();
            if (!reading.Wait(Limit) || !process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                throw CreateError(words[0], $"did not exit within {Limit.TotalMinutes:0} minutes");
            }

            if (process.ExitCode != 0)
            {
                throw CreateError(words[0], $"exited with {process.ExitCode}");
            }

            string password = reading.Result.Split('\n')[0].TrimEnd('\r');
            return password.Length > 0 ? password : throw CreateError(words[0], "printed no password");
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw CreateError(words[0], $"cannot be run: {e.Message}");
        }
    }

    // The arguments are omitted, because they may name a secret.
    private static UserErrorException CreateError(string program, string reason) =>
        new(ExitCode.LoginFailed, $"the program {program} of --password-command {reason}", "run the command by hand");
}
