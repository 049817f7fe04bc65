using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell;

/// <summary>Warnings about lines of a listing that cannot be read.</summary>
internal static class UnreadableLines
{
    private const int MostShown = 3, LongestShown = 200;

    /// <summary>Writes a warning for each of the first lines, and the number of the others. Returns <see cref="ExitCode.SomeFailed"/> if there is one.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="command">The command that listed, perhaps with the folder.</param>
    /// <param name="unreadable">The entries with the lines.</param>
    public static ExitCode Warn(ClientShell shell, string command, IReadOnlyCollection<FtpEntry> unreadable)
    {
        foreach (FtpEntry entry in unreadable.Take(MostShown))
        {
            string line = entry.RawLine!.Length > LongestShown ? entry.RawLine[..LongestShown] + "…" : entry.RawLine;
            shell.Terminal.Say($"warning: {command}: a line of the server's listing is in an unknown format: {line.ToPrintable()}");
        }

        if (unreadable.Count > MostShown)
        {
            int others = unreadable.Count - MostShown;
            shell.Terminal.Say(string.Create(
                CultureInfo.InvariantCulture, $"warning: {command}: {others} more line{(others == 1 ? "" : "s")} of the server's listing in an unknown format"));
        }

        return unreadable.Count > 0 ? ExitCode.SomeFailed : ExitCode.Done;
    }
}
