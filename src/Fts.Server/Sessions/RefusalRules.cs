using System.Collections.Frozen;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Storage;

namespace Fts.Server.Sessions;

/// <summary>The names of the rules by which the server refuses commands, for the log and the metrics.</summary>
internal static class RefusalRules
{
    /// <summary>The rule for connections that exceed a limit.</summary>
    public const string Admission = RuleNames.SessionLimit;

    /// <summary>The rule for logins after too many failures.</summary>
    public const string LoginThrottle = RuleNames.LoginDelay;

    private static readonly FrozenDictionary<FtpReply, string> OtherReplies = new Dictionary<FtpReply, string>
    {
        [Replies.BadName] = "file.name",
        [Replies.SizeMismatch] = "upload.size",
        [Replies.LinkTargetOutsideDirectory] = "link.target",
    }.ToFrozenDictionary();

    /// <summary>Returns the rule that a reply of the server's policy stands for. Returns null for other replies.</summary>
    public static string? Find(FtpReply reply) =>
        (int)reply.Code < 400 ? null : Replies.FindRule(reply) ?? OtherReplies.GetValueOrDefault(reply);

    /// <summary>Returns the rule by which the gate or the store refused an operation. Returns null if the store failed.</summary>
    public static string? Find(StoreException e) => e.Rule ?? FindByError(e.Error);

    private static string? FindByError(StoreError error) => error switch
    {
        StoreError.Unavailable => null,
        StoreError.NotFound => "store.notFound",
        StoreError.Denied => "store.denied",
        StoreError.Exists => "store.exists",
        StoreError.NotEmpty => "store.notEmpty",
        StoreError.NotAFile => "store.notAFile",
        StoreError.NotADirectory => "store.notADirectory",
        StoreError.NoSpace => "store.noSpace",
        StoreError.QuotaExceeded => "store.quotaExceeded",
        StoreError.Busy => "store.busy",
        StoreError.BadName => "store.badName",
        StoreError.BadOffset => "store.badOffset",
        StoreError.NotSupported => "store.notSupported",
        _ => null,
    };
}

/// <summary>The final reply of a command, and the rule if the command was refused.</summary>
/// <param name="Reply">The reply.</param>
/// <param name="Rule">The name of the rule, or null.</param>
internal readonly record struct CommandOutcome(FtpReply Reply, string? Rule)
{
    /// <summary>Creates the outcome of a reply whose rule, if any, is determined by the reply alone.</summary>
    public static implicit operator CommandOutcome(FtpReply reply) => new(reply, RefusalRules.Find(reply));
}
