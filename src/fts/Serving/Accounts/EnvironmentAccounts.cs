using System.Collections;
using System.Text;
using Fts.Accounts.Passwords;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Cli;
using Fts.Protocol;
using Fts.Serving.Configuration;

namespace Fts.Serving.Accounts;

/// <summary>
/// The accounts in environment variables, for containers: <c>FTS_USER_anna=password</c>, <c>FTS_USER_anna=password:/home/directory</c>,
/// or separate variables for the password, a file with the password, and the home directory.
/// </summary>
internal sealed class EnvironmentAccounts
{
    private const string Prefix = "FTS_USER_", HomeSuffix = "_HOME", FileSuffix = "_PASSWORD_FILE";

    private readonly SortedDictionary<string, Variables> _accounts = new(StringComparer.Ordinal);

    private EnvironmentAccounts(IReadOnlyList<string> ignored) => Ignored = ignored;

    /// <summary>Whether no variable defines an account.</summary>
    public bool IsEmpty => _accounts.Count == 0;

    /// <summary>The variables that describe a service (<see cref="ServiceVariables"/>).</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Reads the variables.</summary>
    public static EnvironmentAccounts Read(IDictionary environment)
    {
        ILookup<bool, (string Name, string Value)> variables = environment.Keys.Cast<string>()
            .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length > Prefix.Length)
            .Select(key => (key, (string?)environment[key] ?? ""))
            .OrderBy(pair => pair.key, StringComparer.Ordinal)
            .ToLookup(pair => ServiceVariables.IsServiceVariable(pair.key, pair.Item2));
        var accounts = new EnvironmentAccounts([.. variables[true].Select(variable => variable.Name)]);
        foreach ((string variable, string value) in variables[false])
        {
            string name = variable[Prefix.Length..];
            if (TryTrimSuffix(ref name, HomeSuffix))
            {
                accounts.Set(name, settings => settings with { Home = value });
            }
            else if (TryTrimSuffix(ref name, FileSuffix))
            {
                accounts.Set(name, settings => settings with { File = value });
            }
            else
            {
                accounts.Set(name, settings => settings with { Value = value });
            }
        }

        return accounts;
    }

    /// <summary>
    /// Creates the accounts that do not exist yet, and sets the password and home directory of the others. All other settings stay.
    /// An account stays if its variable is removed.
    /// </summary>
    /// <exception cref="UserErrorException">A name or value is not valid, or a file cannot be read.</exception>
    /// <exception cref="AccountDatabaseException">The database cannot be used.</exception>
    public void Apply(SqlAccountDatabase database)
    {
        if (IsEmpty)
        {
            return;
        }

        var existing = database.ReadAll().Accounts.ToDictionary(account => account.Value.Name);
        var changes = new List<AccountChange>();
        foreach ((string name, Variables variables) in _accounts)
        {
            AccountSettings? old = existing.GetValueOrDefault(name)?.Value;
            AccountSettings settings = Update(old ?? new AccountSettings(name), variables);
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

    private void Set(string name, Func<Variables, Variables> change) =>
        _accounts[name] = change(_accounts.GetValueOrDefault(name, new Variables(null, null, null)));

    private static bool TryTrimSuffix(ref string name, string suffix)
    {
        if (name.Length <= suffix.Length || !name.EndsWith(suffix, StringComparison.Ordinal))
        {
            return false;
        }

        name = name[..^suffix.Length];
        return true;
    }

    private static AccountSettings Update(AccountSettings account, Variables variables)
    {
        string variable = Prefix + account.Name;
        if (AccountName.FindProblem(account.Name) is { } nameProblem)
        {
            throw CommandLine.CreateUsageError($"{variable.ToPrintable()}: the account name {nameProblem}");
        }

        (string password, string? home) = Split(variable, variables);
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

    /// <summary>Returns the password and the home directory, or null to keep the home directory.</summary>
    private static (string Password, string? Home) Split(string variable, Variables variables)
    {
        switch (variables)
        {
            case { File: not null, Value: not null }:
                throw CommandLine.CreateUsageError($"{variable} and {variable}{FileSuffix} cannot be set at the same time");
            case { File: null, Value: null }:
                throw CommandLine.CreateUsageError($"{variable}{HomeSuffix} needs {variable} or {variable}{FileSuffix}");
            case { File: { } file }:
                return (ReadPassword(variable + FileSuffix, file), variables.Home is { Length: > 0 } separate ? separate : null);
            case { Value: { } value, Home: { } named }:
                return (value, named.Length > 0 ? named : null); // the whole value is the password
            default:
                // A password can contain colons, so the home directory begins at the last colon before a slash.
                int colon = variables.Value!.LastIndexOf(":/", StringComparison.Ordinal);
                return colon < 0 ? (variables.Value, null) : (variables.Value[..colon], variables.Value[(colon + 1)..]);
        }
    }

    private static string ReadPassword(string variable, string file)
    {
        try
        {
            return System.IO.File.ReadLines(file, Encoding.UTF8).FirstOrDefault() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"{variable} {file.ToPrintable()}: cannot read the file: {LocalErrorText.Describe(e)}");
        }
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

    /// <summary>The variables of one account. Null if a variable is not set.</summary>
    /// <param name="Value">The password or, without the other variables, the password and the home directory.</param>
    /// <param name="Home">The home directory. Empty to keep it.</param>
    /// <param name="File">The file with the password in its first line.</param>
    private sealed record Variables(string? Value, string? Home, string? File);
}
