using Fts.Server.Commands;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>Properties of all rows of the command table.</summary>
public sealed class CommandTableTests
{
    /// <summary>Returns the available rows. A server without TLS does not support the TLS commands.</summary>
    private static IEnumerable<CommandRow> RowsOn(Wire wire) =>
        CommandTable.Rows.Where(row => wire.Tls() is not null || !row.HasRule(CommandRules.NeedsTls));

    private static string Line(CommandRow row) => row.HasRule(CommandRules.NeedsArgument) ? $"{row.Verb} x" : row.Verb;

    [Theory, OnEveryWire]
    public async Task Every_row_that_needs_a_login_returns_530_before_it(Wire wire)
    {
        await using var server = new TestServer(wire, configure: options => options with { MaxCommandsBeforeLogin = 1000 });
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *");
        foreach (CommandRow row in RowsOn(wire).Where(row => row.HasRule(CommandRules.NeedsLogin)))
        {
            await client.PlayAsync($"C: {Line(row)}\nS: 530 *\nC: {row.Verb}\nS: 530 *");
        }
    }

    [Theory, OnEveryWire]
    public async Task Every_row_that_needs_an_argument_returns_501_with_its_usage(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        foreach (CommandRow row in RowsOn(wire).Where(row => row.HasRule(CommandRules.NeedsArgument)))
        {
            await client.PlayAsync($"C: {row.Verb}\nS: 501 *{row.Usage}*\nC: {row.Verb} \nS: 501 *");
        }
    }

    [Theory, OnEveryWire]
    public async Task Every_row_that_needs_a_data_connection_returns_425_before_PASV(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        foreach (CommandRow row in RowsOn(wire).Where(row => row.HasRule(CommandRules.NeedsDataConnection)))
        {
            await client.PlayAsync($"C: {Line(row)}\nS: 425 *");
        }
    }

    [Theory, OnEveryWire]
    public async Task Every_verb_is_accepted_in_lower_case(Wire wire)
    {
        await using var server = new TestServer(wire);
        foreach (CommandRow row in RowsOn(wire))
        {
            await using Conversation upper = await server.LogInAsync(), lower = await server.LogInAsync();
            string asked = (await upper.SendAndReadReplyAsync(row.Verb))[0], askedLow =
                (await lower.SendAndReadReplyAsync(row.Verb.ToLowerInvariant()))[0];
            Assert.Equal(asked[..4], askedLow[..4]);
            Assert.False(asked.StartsWith("500", StringComparison.Ordinal), asked);
        }
    }

    [Fact]
    public void Every_usage_starts_with_the_verb()
    {
        Assert.All(CommandTable.Rows, row => Assert.StartsWith(row.Verb, row.Usage, StringComparison.Ordinal));
        Assert.Distinct(CommandTable.Rows.Select(row => row.Verb));
    }

    [Theory, OnEveryWire]
    public async Task Help_lists_every_row_and_explains_each(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        string[] help = await client.SendAndReadReplyAsync("HELP");
        Assert.StartsWith("214-", help[0], StringComparison.Ordinal);
        string words = string.Join(' ', help) + " ";
        foreach (CommandRow row in RowsOn(wire))
        {
            Assert.Contains($" {row.Verb} ", words, StringComparison.Ordinal);
            Assert.Equal([$"214 {row.Usage}"], await client.SendAndReadReplyAsync($"HELP {row.Verb.ToLowerInvariant()}"));
        }
    }

    [Theory, OnEveryWire]
    public async Task Feat_lists_every_feature_once_and_nothing_else(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        string[] features = await client.SendAndReadReplyAsync("FEAT");
        Assert.StartsWith("211-", features[0], StringComparison.Ordinal);
        Assert.Equal(
            RowsOn(wire).SelectMany(row => row.Features).Select(feature => " " + feature),
            features[1..^1].Select(line => line.StartsWith(" MLST ", StringComparison.Ordinal)
                || line.StartsWith(" HASH ", StringComparison.Ordinal) ? line[..5] : line));
    }

    [Theory, OnEveryWire]
    public async Task A_rejected_command_does_not_change_the_session(Wire wire)
    {
        await using var server = new TestServer(wire);
        await server.WriteAsync("/a", "hello");
        await server.PlayAsync("""
            C: RETR a
            S: 425 *
            C: CWD
            S: 501 *
            C: PWD
            S: 257 "/" *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< hello
            S: 226 *
            """);
    }
}
