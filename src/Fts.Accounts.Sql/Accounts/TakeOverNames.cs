namespace Fts.Accounts.Sql.Accounts;

/// <summary>The names that are not taken over from another server: those of accounts, and of accounts that were removed.</summary>
/// <remarks>
/// Names that differ only in the case of letters can be one name on the other server. Its answer would then create a second account for
/// the user of an account, perhaps of a disabled one.
/// </remarks>
internal static class TakeOverNames
{
    /// <summary>Returns whether no account has or had a name, also if the case of letters is ignored.</summary>
    public static bool IsFree(ISqlSession session, string name)
    {
        string folded = Fold(name);
        return !session
            .Query("SELECT name FROM accounts UNION ALL SELECT name FROM removed_accounts", row => row.GetRequiredText(0))
            .Any(taken => string.Equals(Fold(taken), folded, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Records that an account was removed.</summary>
    public static void AddRemoved(ISqlSession session, string name)
    {
        ForgetRemoved(session, name);
        session.Execute("INSERT INTO removed_accounts (name) VALUES ($1)", name);
    }

    /// <summary>Records that an account exists again.</summary>
    public static void ForgetRemoved(ISqlSession session, string name) =>
        session.Execute("DELETE FROM removed_accounts WHERE name = $1", name);

    private static string Fold(string name) => name.Normalize(System.Text.NormalizationForm.FormKC);
}
