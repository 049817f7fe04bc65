using System.Collections.Concurrent;
using Fts.Accounts;

namespace Fts.Server.Tests.Gate;

/// <summary>Accounts with path rules. Each accepts any password.</summary>
internal sealed class RuleAccounts : IAuthenticator
{
    private readonly ConcurrentDictionary<string, Account> _accounts = new(StringComparer.Ordinal);

    /// <summary>Creates or replaces an account from rules such as <c>/ = lr</c>, separated by commas.</summary>
    public RuleAccounts Add(string name, string rules)
    {
        PermissionRule[] parsed = [.. rules.Split(',').Select(Parse)];
        _accounts[name] = new Account(name, Permissions.None) { Rules = new PermissionRules(Permissions.None, parsed) };
        return this;
    }

    public Account Get(string name) => _accounts[name];

    public bool RequiresPassword(string userName) => true;

    public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        new(_accounts.GetValueOrDefault(credentials.UserName));

    private static PermissionRule Parse(string rule)
    {
        string[] sides = rule.Split('=', StringSplitOptions.TrimEntries);
        Assert.True(PermissionLetters.TryParse(sides[1], out Permissions permissions), rule);
        return new PermissionRule(Storage.StorePath.Root.Resolve(sides[0])!.Value, permissions);
    }
}
