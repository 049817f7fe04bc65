using System.CommandLine;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;

namespace Fts.Administration;

/// <summary>The options for the settings that only accounts have, except the password.</summary>
internal static class AccountOptions
{
    /// <summary>The name of the groups for <c>--unset</c>. A name of a group can follow.</summary>
    public const string Group = "group";

    private const string Certificate = "certificate", GroupPrefix = Group + ":", CertificatePrefix = Certificate + ":";

    private static readonly Option<string[]> GroupOption = new("--group")
    {
        HelpName = "G",
        Description = "group that supplies settings which the account does not have",
    };

    private static readonly Option<string[]> CertificateOption = new("--certificate")
    {
        HelpName = "FILE|SHA256:KEY",
        Description = "client certificate (PEM) or its key fingerprint, for logins without a password",
    };

    /// <summary>The options.</summary>
    public static OptionGroup Options { get; } = new("Account", GroupOption, CertificateOption);

    /// <summary>The names that <c>--unset</c> accepts for these settings.</summary>
    public static IReadOnlyList<string> UnsetNames { get; } = [Group, Certificate];

    /// <summary>Returns whether a name for <c>--unset</c> is a setting that only accounts have.</summary>
    public static bool IsUnsetName(string name) => UnsetNames.Contains(name)
        || name.StartsWith(GroupPrefix, StringComparison.Ordinal) || name.StartsWith(CertificatePrefix, StringComparison.Ordinal);

    /// <summary>Returns whether an account has groups or certificates that a name for <c>--unset</c> removes.</summary>
    public static bool IsSet(AccountSettings account, string name) =>
        (name.StartsWith(Group, StringComparison.Ordinal) ? account.Groups : account.KeyFingerprints).Count > 0;

    /// <summary>
    /// Returns an account with the changes of the command line. Given groups and certificates replace all former groups or certificates.
    /// </summary>
    /// <exception cref="UserErrorException">A value is invalid, or a certificate cannot be read.</exception>
    public static AccountSettings Apply(CommandLine line, AccountSettings account)
    {
        IReadOnlyList<string> unset = AccessOptions.GetUnsetNames(line);
        IReadOnlyList<string> groups = Remove(account.Groups, unset, Group, GroupPrefix);
        IReadOnlyList<string> fingerprints = Remove(account.KeyFingerprints, unset, Certificate, CertificatePrefix);
        return account with
        {
            Groups = line.GetValues(GroupOption) is { Count: > 0 } newGroups ? newGroups : groups,
            KeyFingerprints = line.GetValues(CertificateOption) is { Count: > 0 } certificates
                ? [.. certificates.Select(ReadFingerprint)]
                : fingerprints,
            Access = AccessOptions.Apply(line, account.Access),
        };
    }

    /// <summary>Returns a list without the items that <c>--unset</c> removes: all of them, or those named after the prefix.</summary>
    /// <exception cref="UserErrorException">The account does not have a named item.</exception>
    private static IReadOnlyList<string> Remove(IReadOnlyList<string> items, IReadOnlyList<string> unset, string all, string prefix)
    {
        if (unset.Contains(all))
        {
            return [];
        }

        string[] removed =
            [.. unset.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..])];
        if (removed.FirstOrDefault(name => !items.Contains(name)) is not { } missing)
        {
            return removed.Length == 0 ? items : [.. items.Where(item => !removed.Contains(item))];
        }

        string? near = SpellingSuggestion.FindNearest(missing, items);
        throw CommandLine.CreateUsageError(
            $"--unset {prefix}{missing}: the account does not have it{(near is null ? "" : $"; did you mean {prefix}{near}?")}");
    }

    private static string ReadFingerprint(string text)
    {
        if (KeyFingerprint.IsFingerprint(text))
        {
            return text;
        }

        try
        {
            using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(File.ReadAllText(text));
            return KeyFingerprint.Compute(certificate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"{CertificateOption.Name} {text}: {LocalErrorText.Describe(e)}");
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"{CertificateOption.Name} {text}: the file contains no PEM certificate");
        }
    }
}
