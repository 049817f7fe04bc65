using Fts.Storage;

namespace Fts.Accounts.Gate;

/// <summary>Explains whether an account can use a verb on a path.</summary>
/// <param name="Condition">The existence of the created path for which the decision is valid.</param>
/// <param name="Decision">The decision. If several paths or permissions are needed, the first refusal, or the last allowed use.</param>
public readonly record struct PermissionExplanation(PathCondition Condition, AccessDecision Decision)
{
    /// <summary>Returns whether a verb uses a path, so that permissions decide.</summary>
    /// <param name="verb">The verb, for example <c>STOR</c> or <c>SITE COPY</c>. The case is ignored.</param>
    public static bool UsesPath(string verb) => VerbActions.Find(verb) is not null;

    /// <summary>Returns whether a verb has two paths: the path that it reads or moves, and the path that it creates.</summary>
    /// <param name="verb">The verb. The case is ignored.</param>
    public static bool UsesTwoPaths(string verb) => VerbActions.Find(verb) is { HasTwoPaths: true };

    /// <summary>
    /// Returns the decisions of the rules of an account: one decision or, if the verb creates a path, one for a new path and one for an
    /// existing path. Returns an empty list if the verb uses no path.
    /// </summary>
    /// <param name="account">The account.</param>
    /// <param name="verb">The verb, for example <c>STOR</c> or <c>SITE COPY</c>. The case is ignored.</param>
    /// <param name="path">
    /// The path. For a verb with two paths, the path that it reads or moves: the source of RNTO, SITE CPTO and SITE COPY, a part of COMB,
    /// or the target of a link.
    /// </param>
    /// <param name="target">For a verb with two paths, the path that it creates. Null to explain only <paramref name="path"/>.</param>
    /// <remarks>
    /// The decisions do not depend on the content of the store. STOR after REST is explained by APPE for an offset at the end of the file,
    /// and by STOR for all other offsets.
    /// </remarks>
    public static IReadOnlyList<PermissionExplanation> Explain(Account account, string verb, StorePath path, StorePath? target = null)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (VerbActions.Find(verb) is not { } actions)
        {
            return [];
        }

        return actions.OnNew is null || (actions.HasTwoPaths && target is null)
            ? [new PermissionExplanation(PathCondition.Any, DecidePath(account.Rules, actions, path))]
            : [ExplainTarget(PathCondition.IsNew), ExplainTarget(PathCondition.Exists)];

        PermissionExplanation ExplainTarget(PathCondition condition) =>
            new(condition, DecideAll(account.Rules, actions, path, target ?? path, condition == PathCondition.Exists));
    }

    private static AccessDecision DecideAll(PermissionRules rules, VerbActions actions, StorePath path, StorePath created, bool exists)
    {
        if (actions.OnPath.Length > 0 && DecidePath(rules, actions, path) is { IsAllowed: false } refusal)
        {
            return refusal;
        }

        AccessDecision onTarget = AccessRules.DecideTarget(rules, created, exists, actions.OnNew!.Value, actions.OnExisting!.Value);
        AccessDecision alias = AccessRules.DecideAlias(rules, FileAction.LinkTo, path, alias: created);
        return onTarget.IsAllowed && actions.OnPath is [FileAction.LinkTo] && !alias.IsAllowed ? alias : onTarget;
    }

    private static AccessDecision DecidePath(PermissionRules rules, VerbActions actions, StorePath path)
    {
        AccessDecision decision = default;
        foreach (FileAction action in actions.OnPath)
        {
            decision = AccessRules.Decide(rules, action, path);
            if (!decision.IsAllowed)
            {
                break;
            }
        }

        return decision;
    }
}
