using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell;

/// <summary>Writes warnings about lines of a listing in an unknown format.</summary>
internal static class UnreadableLineWarnings
{
    private const int MaxWarnings = 3, MaxLineLength = 200;

    /// <summary>
    /// Writes a warning for each of the first <see cref="MaxWarnings"/> lines, then one warning with the number of remaining lines.
    /// </summary>
    /// <param name="shell">The session.</param>
    /// <param name="command">The command, followed by the folder if the command lists several folders.</param>
    /// <param name="unreadable">The entries for the unreadable lines.</param>
    /// <returns><see cref="ExitCode.SomeFailed"/> if there are such lines, otherwise <see cref="ExitCode.Success"/>.</returns>
    public static ExitCode WriteWarnings(ClientShell shell, string command, IReadOnlyCollection<FtpEntry> unreadable)
    {
        foreach (FtpEntry entry in unreadable.Take(MaxWarnings))
        {
            string line = entry.RawLine!.Length > MaxLineLength ? entry.RawLine[..MaxLineLength] + "…" : entry.RawLine;
            shell.Terminal.WriteMessage(
                $"warning: {command}: a line of the server's listing is in an unknown format: {line.ToPrintable()}");
        }

        if (unreadable.Count > MaxWarnings)
        {
            int remaining = unreadable.Count - MaxWarnings;
            shell.Terminal.WriteMessage(string.Create(
                CultureInfo.InvariantCulture,
                $"warning: {command}: the server's listing has {remaining} more line{(remaining == 1 ? "" : "s")} in an unknown format"));
        }

        return unreadable.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success;
    }
}
