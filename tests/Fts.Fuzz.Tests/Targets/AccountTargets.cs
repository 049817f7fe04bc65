using Fts.Accounts.Passwords;
using Fts.Accounts.Passwords.Import;
using Fts.FuzzTests.Engine;

namespace Fts.FuzzTests.Targets;

/// <summary>Password hashes and password files of other programs.</summary>
internal static class AccountTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("password-hash", CheckHash) with { BytesPerByte = 256 },
        FuzzTarget.OfText("password-file", CheckFile) with { Weight = 50, BytesPerByte = 1024 },
    ];

    private static void CheckHash(string text)
    {
        if (PasswordHash.TryParse(text, out PasswordHash? hash, out string? problem))
        {
            FuzzAssert.Equal(text, hash.Text, "a hash keeps its text");
            FuzzAssert.True(!hash.ToString().Contains('$'), "the description of a hash does not contain it");
        }
        else
        {
            FuzzAssert.True(problem.Length is > 0 and < 200 && !problem.Any(char.IsControl), "a rejection has a short printable reason");
        }
    }

    private static void CheckFile(string text)
    {
        PasswordFileFormat? format = text.Length % 2 == 0 ? null : (PasswordFileFormat)(text.Length / 2 % 4);
        PasswordFile file = PasswordFileParser.Parse(text, format);
        FuzzAssert.True(format is null || file.Format == format, "an explicit format is used");
        FuzzAssert.True(file.Format is not null || file.Accounts.Count == 0, "a file without a format has no accounts");
        FuzzAssert.True(file.Accounts.All(account => account.Name.Length is > 0 and <= PasswordFileParser.MaxNameLength &&
            !account.Name.Any(char.IsControl) && account.Name.IndexOf(':', StringComparison.Ordinal) < 0), "every account has a valid name");
        FuzzAssert.Equal(file.Accounts.Count, file.Accounts.Select(account => account.Name).Distinct().Count(), "account names are unique");
        int lines = 1 + text.Count(character => character == '\n');
        FuzzAssert.True(file.Accounts.Count + file.SkippedLines.Count <= lines, "a line is an account or skipped, not both");
        FuzzAssert.True(file.SkippedLines.All(line => line.LineNumber >= 1 && line.LineNumber <= lines && line.Reason.Length > 0),
            "a skipped line has its number and a reason");
    }
}
