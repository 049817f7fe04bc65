using System.Net;

namespace Fts.Accounts.Login;

/// <summary>Checks the restrictions of an account on logins. Pure.</summary>
public static class AccountRestrictions
{
    /// <summary>Returns the name of the rule that refuses a login (<see cref="RuleNames"/>), or null if no rule refuses it.</summary>
    /// <param name="limits">The restrictions of the account.</param>
    /// <param name="address">The address of the client.</param>
    /// <param name="isEncrypted">Whether TLS encrypts the control connection.</param>
    /// <param name="now">The current time, with the time zone of the server.</param>
    public static string? FindRule(AccountLimits limits, IPAddress address, bool isEncrypted, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(address);
        if (now >= limits.ExpiresAt)
        {
            return RuleNames.AccountExpired;
        }

        if (limits.Networks.Count > 0 && !limits.Networks.Any(network => network.Contains(Unmap(address))))
        {
            return RuleNames.NetworkDenied;
        }

        if (limits.RequiresTls && !isEncrypted)
        {
            return RuleNames.TlsRequired;
        }

        return limits.Hours is { } hours && !hours.Contains(TimeOnly.FromDateTime(now.DateTime)) ? RuleNames.AccountHours : null;
    }

    /// <summary>Returns the IPv4 address of an IPv4 client of a socket that accepts both versions.</summary>
    private static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
