using System.Net;
using Fts.Accounts.Settings;

namespace Fts.Accounts.Login;

/// <summary>
/// Takes over the accounts of another server. At the first login of a user whose name no account has, the other server checks the password.
/// If it accepts the password, an account is created. Thread-safe.
/// </summary>
public interface IAccountTakeOver
{
    /// <summary>Checks a password with the other server. The call ends within a limited time.</summary>
    /// <param name="userName">The name, which is a valid account name.</param>
    /// <param name="password">The password, which is not empty.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    ValueTask<TakeOverCheck> CheckAsync(string userName, string password, CancellationToken cancellationToken);

    /// <summary>Returns the settings of the account to create.</summary>
    /// <param name="name">The name.</param>
    /// <param name="passwordHash">The hash of the accepted password.</param>
    AccountSettings CreateAccount(string name, string passwordHash);

    /// <summary>Reports that an account was created.</summary>
    /// <param name="name">The name.</param>
    /// <param name="client">The address of the client.</param>
    void ReportCreated(string name, IPAddress client);
}

/// <summary>The result of the check of a password with another server.</summary>
public enum TakeOverCheck
{
    /// <summary>The other server has rejected the name or the password.</summary>
    Rejected,
    /// <summary>The other server has accepted the password.</summary>
    Accepted,
    /// <summary>Too many checks run at the same time. Nothing is known about the password.</summary>
    Busy,
    /// <summary>The other server cannot be reached or is not trusted. Nothing is known about the password.</summary>
    Unavailable,
}
