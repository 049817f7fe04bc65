using System.Globalization;

namespace Fts.Accounts.Passwords.Import;

/// <summary>
/// Reads the accounts of other programs from their password files. Accepts any text: a line that is not usable is skipped with a reason.
/// </summary>
public static class PasswordFileParser
{
    /// <summary>The maximum length of a line, in characters. Longer lines are skipped.</summary>
    public const int MaxLineLength = 4096;

    /// <summary>The maximum length of an account name, in characters.</summary>
    public const int MaxNameLength = 128;

    private const int MinPureFtpdFields = 6, MaxPureFtpdFields = 18, PasswdFields = 7, ShadowFields = 9;

    private static readonly DateOnly s_epoch = new(1970, 1, 1);

    /// <summary>Parses a password file. Empty lines and lines that start with <c>#</c> are comments.</summary>
    /// <param name="text">The content of the file.</param>
    /// <param name="format">
    /// The format, or null to detect it. The number of fields of each line decides, and the format with the most lines is selected.
    /// </param>
    public static PasswordFile Parse(string text, PasswordFileFormat? format = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        format ??= DetectFormat(text);
        var accounts = new List<ImportedAccount>();
        var skipped = new List<SkippedLine>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in EnumerateLines(text))
        {
            number++;
            if (IsComment(line))
            {
                continue;
            }

            string[] fields = line.Length <= MaxLineLength ? line.Split(':') : [""];
            string? problem = line.Length <= MaxLineLength ? null : $"the line is longer than {MaxLineLength} characters";
            ImportedAccount? account = problem is null ? ParseLine(fields, number, format, out problem) : null;
            if (account is not null && lines.TryAdd(account.Name, number))
            {
                accounts.Add(account);
                continue;
            }

            problem ??= $"line {lines[fields[0]]} contains the same account";
            skipped.Add(new SkippedLine(number, GetNameProblem(fields[0]) is null ? fields[0] : null, problem));
        }

        return new PasswordFile(format, accounts, skipped);
    }

    /// <summary>Returns the format that most lines have, or null if no line has the number of fields of a format.</summary>
    public static PasswordFileFormat? DetectFormat(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Span<int> counts = stackalloc int[1 + (int)PasswordFileFormat.PureFtpd];
        counts.Clear();
        foreach (string line in EnumerateLines(text))
        {
            if (!IsComment(line) && GetFormat(1 + line.AsSpan().Count(':')) is { } lineFormat)
            {
                counts[(int)lineFormat]++;
            }
        }

        int best = 0;
        for (int i = 1; i < counts.Length; i++)
        {
            best = counts[i] > counts[best] ? i : best;
        }

        return counts[best] > 0 ? (PasswordFileFormat)best : null;
    }

    /// <summary>Returns the lines without their line ends and without a byte order mark.</summary>
    private static IEnumerable<string> EnumerateLines(string text)
    {
        for (int start = text.StartsWith('\uFEFF') ? 1 : 0; start <= text.Length;)
        {
            int end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            yield return text[start..end].TrimEnd('\r');
            start = end + 1;
        }
    }

    private static bool IsComment(string line) => string.IsNullOrWhiteSpace(line) || line[0] == '#';

    private static PasswordFileFormat? GetFormat(int fields) => fields switch
    {
        2 or 3 => PasswordFileFormat.Htpasswd,
        PasswdFields => PasswordFileFormat.Passwd,
        ShadowFields => PasswordFileFormat.Shadow,
        > ShadowFields and <= MaxPureFtpdFields => PasswordFileFormat.PureFtpd,
        _ => null,
    };

    private static bool IsFieldCountOf(PasswordFileFormat format, int fields) => format switch
    {
        PasswordFileFormat.Htpasswd => fields is 2 or 3,
        PasswordFileFormat.Passwd => fields == PasswdFields,
        PasswordFileFormat.Shadow => fields is >= 2 and <= ShadowFields,
        _ => fields is >= MinPureFtpdFields and <= MaxPureFtpdFields,
    };

    /// <summary>Returns the account of a line, or null and the reason for which the line is skipped.</summary>
    private static ImportedAccount? ParseLine(string[] fields, int number, PasswordFileFormat? format, out string? problem)
    {
        if (format is not { } known)
        {
            problem = $"no known format has {fields.Length} fields";
            return null;
        }

        problem = GetNameProblem(fields[0]);
        if (problem is not null)
        {
            return null;
        }

        if (!IsFieldCountOf(known, fields.Length))
        {
            problem = $"the line has {fields.Length} fields, which format {known} does not allow";
            return null;
        }

        // A locked entry may contain a hash after the mark, which must not become valid.
        problem = GetLockReason(fields[1]);
        return problem is null && PasswordHash.TryParse(fields[1], out PasswordHash? hash, out problem)
            ? AddFields(new ImportedAccount(fields[0], hash, number), known, fields, out problem)
            : null;
    }

    private static ImportedAccount? AddFields(ImportedAccount account, PasswordFileFormat format, string[] fields, out string? problem)
    {
        problem = null;
        switch (format)
        {
            case PasswordFileFormat.Passwd:
                return account with { Home = fields[5].Length > 0 ? fields[5] : null };
            case PasswordFileFormat.Shadow when fields.Length >= 8 && fields[7].Length > 0:
                if (!int.TryParse(fields[7], NumberStyles.None, CultureInfo.InvariantCulture, out int days) ||
                    days > DateOnly.MaxValue.DayNumber - s_epoch.DayNumber)
                {
                    problem = "the expiration date is not a number of days";
                    return null;
                }

                return account with { ExpiresOn = s_epoch.AddDays(days) };
            case PasswordFileFormat.PureFtpd:
                return PureFtpdFields.Add(account, fields, out problem);
            default:
                return account;
        }
    }

    private static string? GetNameProblem(string name)
    {
        if (name.Length is 0 or > MaxNameLength)
        {
            return name.Length == 0 ? "the account name is empty" : $"the account name is longer than {MaxNameLength} characters";
        }

        return name.Any(char.IsControl) ? "the account name contains a control character" : null;
    }

    private static string? GetLockReason(string hash) => hash switch
    {
        "" => "the account has no password",
        "x" => "the hash is in another file (shadow)",
        _ => hash[0] is '!' or '*' ? "the account is locked" : null,
    };
}
