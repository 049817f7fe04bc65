using Fts.Accounts;
using Fts.Accounts.Gate;
using Fts.Server.Commands;
using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Gate;

/// <summary>
/// Every command with each permission removed and with each permission alone, on rules of the root, of the directory and of the path
/// itself. The expected outcomes are those of <see cref="PermissionMatrix"/>.
/// </summary>
public sealed class PermissionMatrixTests
{
    /// <summary>The letters in the order in which several missing permissions are reported.</summary>
    private const string Letters = "lrcwdnmta";

    public static TheoryData<string> Verbs => [.. CommandTable.Rows.Select(row => row.Verb)];

    [Fact]
    public void Every_row_of_the_command_table_is_in_the_matrix() =>
        Assert.Equal(CommandTable.Rows.Select(row => row.Verb).Order(), PermissionMatrix.Rows.Select(row => row.Verb).Distinct().Order());

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_command_needs_exactly_its_permissions(string verb)
    {
        var accounts = new RuleAccounts();
        await using var server = new TestServer(
            Wire.IPv4, new MemoryFileStore(capacity: 1 << 30), options => options with { Authenticator = accounts });
        int number = 0;
        foreach (MatrixRow row in PermissionMatrix.Rows.Where(row => row.Verb == verb))
        {
            foreach (string placement in GetPlacements(row))
            {
                foreach (char letter in Letters)
                {
                    string others = Letters.Replace(letter.ToString(), "", StringComparison.Ordinal);
                    await CheckAsync(server, accounts, row, placement, others, $"/{++number}");
                    await CheckAsync(server, accounts, row, placement, letter.ToString(), $"/{++number}");
                }
            }
        }
    }

    /// <summary>Returns the paths of the rules: the root, the directory, and each path that the command uses.</summary>
    private static IEnumerable<string> GetPlacements(MatrixRow row) =>
        row.Needs.Length == 0 ? ["/"] : ["/", "{d}", .. row.Needs.Split(' ').Select(need => need.Split(':')[1]).Distinct().Except(["{d}"])];

    private static async Task CheckAsync(
        TestServer server, RuleAccounts accounts, MatrixRow row, string placement, string letters, string directory)
    {
        string Expand(string text) => text.Replace("{d}", directory, StringComparison.Ordinal);
        string rulePath = Expand(placement), rules = rulePath == "/" ? $"/={letters}" : $"/=*,{rulePath}={letters}";
        string name = accounts.Add(directory[1..], rules).Get(directory[1..]).Name;
        await server.WriteAsync(directory + "/file", "old");
        await server.WriteAsync(directory + "/part", "part");
        await server.WriteAsync(directory + "/empty/", "");
        await server.WriteAsync(directory + "/tree/inner/deep", "deep");

        string? refusal = GetRefusal(Expand(row.Needs), rulePath, letters, Expand(row.Target ?? "/"));
        string expected = refusal is null ? $"{row.Code} " : $"{row.RefusalCode} Permission denied ({refusal}).";
        string reply = await RunAsync(server, name, Expand(row.Commands));
        Assert.True(
            refusal is null ? reply.StartsWith(expected, StringComparison.Ordinal) : reply == expected,
            $"{Expand(row.Commands)} with the rules {rules}: expected {expected}, but received {reply}");

        CheckExplanation(accounts.Get(name), row, Expand, refusal);
    }

    /// <summary>Compares the explanation with the outcome on the wire.</summary>
    private static void CheckExplanation(Account account, MatrixRow row, Func<string, string> expand, string? refusal)
    {
        if (row.Needs.Length == 0)
        {
            return;
        }

        string path = expand(row.Path ?? row.Needs.Split(' ')[0].Split(':')[1]);
        StorePath? target = row.Target is null ? null : StorePath.Root.Resolve(expand(row.Target));
        IReadOnlyList<PermissionExplanation> explanations =
            PermissionExplanation.Explain(account, row.Verb, StorePath.Root.Resolve(path)!.Value, target);
        PermissionExplanation explanation = Assert.Single(
            explanations, one => one.Condition == PathCondition.Any || one.Condition == PathCondition.Exists == row.Exists);
        Assert.Equal(refusal, explanation.Decision.Rule);
    }

    /// <summary>Returns the name of the first missing permission, computed from the needs of the matrix, or null.</summary>
    private static string? GetRefusal(string needs, string rulePath, string letters, string target)
    {
        bool IsCovered(string path) => rulePath == "/" || path == rulePath || path.StartsWith(rulePath + "/", StringComparison.Ordinal);
        bool Has(char letter, string path) => !IsCovered(path) || letters.Contains(letter, StringComparison.Ordinal);
        foreach (string need in needs.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = need.Split(':');
            char[] missing = [.. (sides[0] switch
            {
                "l/r" => Has('r', sides[1]) ? "" : "l",
                "*" => "",
                "=" => string.Concat(Letters.Where(letter => Has(letter, target))),
                _ => sides[0][..1],
            }).Where(letter => !Has(letter, sides[1]))];
            if (missing.Length > 0)
            {
                bool isAlternativeMissing = sides[0].Length == 3 && sides[0][1] == '|' && !Has(sides[0][2], sides[1]);
                return GetRuleName(isAlternativeMissing ? sides[0][2] : missing[0]);
            }
        }

        return null;
    }

    private static string GetRuleName(char letter) => letter switch
    {
        'l' => "permission.list",
        'r' => "permission.read",
        'c' => "permission.create",
        'w' => "permission.overwrite",
        'a' => "permission.append",
        'n' => "permission.rename",
        'd' => "permission.delete",
        'm' => "permission.make-directory",
        _ => "permission.change-attributes",
    };

    /// <summary>Logs in, and sends commands up to the first negative reply. Returns the last line of the last reply.</summary>
    private static async Task<string> RunAsync(TestServer server, string account, string commands)
    {
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync($"S: 220 *\nC: USER {account}\nS: 331 *\nC: PASS x\nS: 230 *\nC: TYPE I\nS: 200 *");
        string reply = "";
        foreach (string command in commands.Split('\n'))
        {
            reply = (await client.SendAndReadReplyAsync(command))[^1];
            if (reply[0] == '1')
            {
                await TransferAsync(client, isUpload: command.StartsWith("STO", StringComparison.Ordinal) || command[0] == 'A');
                reply = (await client.ReadReplyAsync())[^1];
            }

            if (reply[0] is '4' or '5')
            {
                break;
            }
        }

        return reply;
    }

    private static async Task TransferAsync(Conversation client, bool isUpload)
    {
        if (isUpload)
        {
            await client.Data!.SendAsync("data"u8.ToArray());
            await client.Data.FinishAsync();
        }
        else
        {
            await client.Data!.ReadToEndAsync();
        }

        client.CloseData();
    }
}
