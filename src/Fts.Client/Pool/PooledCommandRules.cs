using System.Collections.Frozen;
using Fts.Protocol;

namespace Fts.Client.Pool;

/// <summary>
/// The commands that <see cref="FtpClient.SendAsync"/> sends on a pooled connection. These commands transfer no data and do not change the
/// state of the connection. All other verbs are rejected, because an unknown verb may change the state.
/// </summary>
internal static class PooledCommandRules
{
    private static readonly FrozenSet<string> Verbs = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "NOOP", "HELP", "STAT", "SYST", "FEAT", "PWD", "XPWD", "SIZE", "MDTM", "MLST", "MFMT", "MFCT", "MFF", "DELE", "MKD", "XMKD", "RMD",
        "XRMD", "RMDA", "AVBL", "DSIZ", "COMB", "HASH", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512");

    /// <summary>
    /// The allowed subcommands of SITE. Other subcommands may change the session, for example its umask, idle limit, group or file type, or
    /// may need a second command (CPFR).
    /// </summary>
    private static readonly FrozenSet<string> SiteCommands = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "HELP", "CHMOD", "CHGRP", "CHOWN", "UTIME", "SYMLINK", "COPY", "MKDIR", "RMDIR", "WHO", "QUOTA");

    /// <summary>Returns whether a command may be sent on a pooled connection.</summary>
    public static bool IsAllowed(string verb, string? argument) =>
        verb.Equals("SITE", StringComparison.OrdinalIgnoreCase) ? SiteCommands.Contains(GetSubcommand(argument)) : Verbs.Contains(verb);

    /// <summary>Returns the verb for a message, including the subcommand of SITE.</summary>
    public static string GetDisplayName(string verb, string? argument) => verb.Equals("SITE", StringComparison.OrdinalIgnoreCase)
        ? $"SITE {GetSubcommand(argument).ToUpperInvariant()}".TrimEnd().ToPrintable()
        : verb.ToUpperInvariant().ToPrintable();

    private static string GetSubcommand(string? argument) => (argument ?? "").TrimStart().Split(' ')[0];
}
