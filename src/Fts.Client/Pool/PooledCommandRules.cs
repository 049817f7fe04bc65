using System.Collections.Frozen;
using Fts.Protocol;

namespace Fts.Client.Pool;

/// <summary>
/// The commands that <see cref="FtpClient.SendAsync"/> sends on a pooled connection: they transfer no data and leave no state for the next
/// user of the connection. Every other verb is refused, because a server may support verbs that are unknown here.
/// </summary>
internal static class PooledCommandRules
{
    private static readonly FrozenSet<string> Verbs = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "NOOP", "HELP", "STAT", "SYST", "FEAT", "PWD", "XPWD", "SIZE", "MDTM", "MLST", "MFMT", "MFCT", "MFF", "DELE", "MKD", "XMKD", "RMD", "XRMD", "RMDA",
        "AVBL", "DSIZ", "COMB", "HASH", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512");

    /// <summary>
    /// The allowed subcommands. Others set a umask, an idle limit, a group or a file type for the session, or are the first of two commands
    /// (CPFR).
    /// </summary>
    private static readonly FrozenSet<string> SiteCommands = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "HELP", "CHMOD", "CHGRP", "CHOWN", "UTIME", "SYMLINK", "COPY", "MKDIR", "RMDIR", "WHO", "QUOTA");

    /// <summary>Whether the command may be sent on a pooled connection.</summary>
    public static bool IsAllowed(string verb, string? argument) =>
        verb.Equals("SITE", StringComparison.OrdinalIgnoreCase) ? SiteCommands.Contains(GetSubcommand(argument)) : Verbs.Contains(verb);

    /// <summary>Returns the verb for a message, with the subcommand of SITE.</summary>
    public static string GetDisplayName(string verb, string? argument) => verb.Equals("SITE", StringComparison.OrdinalIgnoreCase)
        ? $"SITE {GetSubcommand(argument).ToUpperInvariant()}".TrimEnd().ToPrintable()
        : verb.ToUpperInvariant().ToPrintable();

    private static string GetSubcommand(string? argument) => (argument ?? "").TrimStart().Split(' ')[0];
}
