using System.Collections;
using Fts.Accounts.Passwords;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Cli;
using Fts.Protocol;

namespace Fts.Serving.Accounts;

/// <summary>
/// The accounts in environment variables, for containers: <c>FTS_USER_anna=password</c>, or <c>FTS_USER_anna=password:/home/directory</c>.
/// </summary>
internal static class EnvironmentAccounts
{
    private const string Prefix = "FTS_USER_";

    /// <summary>Returns the names and values of the variables, ordered by name. The names do not include the prefix.</summary>
    public static IReadOnlyList<(string Name, string Value)> Read(IDictionary environment) =>
    [
        .. environment.Keys.Cast<string>()
            .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length > Prefix.Length)
            .Select(key => (key[Prefix.Length..], (string?)environment[key] ?? ""))
            .OrderBy(pair => pair.Item1, StringComparer.Ordinal),
    ];

    /// <summary>
    /// Creates the accounts that do not exist yet, and sets the password and home directory of the others. All other settings stay.
    /// An account stays if its variable is removed.
    /// </summary>
    /// <exception cref="UserErrorException">A name or value is not valid.</exception>
    /// <exception cref="AccountDatabaseException">The database cannot be used.</exception>
    public static void Apply(IReadOnlyList<(string Name, string Value)> variables, SqlAccountDatabase database)
    {
        if (variables.Count == 0)
        {
            return;
        }

        var existing = database.ReadAll().Accounts.ToDictionary(account => account.Value.Name);
        var changes = new List<AccountChange>();
        foreach ((string name, string value) in variables)
        {
            AccountSettings? old = existing.GetValueOrDefault(name)?.Value;
            AccountSettings settings = Update(old ?? new AccountSettings(name), value);
            if (old is null)
            {
                changes.Add(AccountChange.Add(settings));
            }
            else if (!settings.Equals(old))
            {
                changes.Add(AccountChange.Update(settings, existing[name].Version));
            }
        }

        if (changes.Count > 0)
        {
            database.Apply(changes);
        }
    }

    private static AccountSettings Update(AccountSettings account, string value)
    {
        string variable = Prefix + account.Name;
        if (AccountName.FindProblem(account.Name) is { } nameProblem)
        {
            throw CommandLine.CreateUsageError($"{variable.ToPrintable()}: the account name {nameProblem}");
        }

        // A password can contain colons, so the home directory begins at the last colon before a slash.
        int colon = value.LastIndexOf(":/", StringComparison.Ordinal);
        (string password, string? home) = colon < 0 ? (value, null) : (value[..colon], value[(colon + 1)..]);
        if (password.Length == 0)
        {
            throw CommandLine.CreateUsageError($"{variable}: the password must not be empty");
        }

        if (home is not null && DirectoryTemplate.FindProblem(home) is { } homeProblem)
        {
            throw CommandLine.CreateUsageError($"{variable}: the home directory {homeProblem}");
        }

        // An unchanged password keeps its hash, so that the start of a container changes nothing.
        bool isCurrent = PasswordHash.TryParse(account.PasswordHash, out PasswordHash? hash, out _) && hash.Verify(password);
        return account with
        {
            PasswordHash = isCurrent ? account.PasswordHash : CreateHash(variable, password),
            Access = home is null ? account.Access : account.Access with { Home = home },
        };
    }

    private static string CreateHash(string variable, string password)
    {
        try
        {
            return PasswordHash.Create(password).Text;
        }
        catch (ArgumentException)
        {
            throw CommandLine.CreateUsageError($"{variable}: the password is too long or is not valid text");
        }
    }
}
