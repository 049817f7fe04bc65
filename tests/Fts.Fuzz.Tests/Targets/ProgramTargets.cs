using System.Text;
using Fts.Accounts;
using Fts.Administration.Events;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.FuzzTests.Engine;
using Fts.Server;
using Fts.Serving.Configuration;
using Fts.Serving.Control;
using Fts.Shell;
using Fts.Storage.Memory;
using Fts.Trust;

namespace Fts.FuzzTests.Targets;

/// <summary>Input of the program: its files, command lines and targets.</summary>
internal static class ProgramTargets
{
    private const string Secret = "s3cr3t";

    private static readonly SubcommandDefinition Client = ClientCommand.Definition;

    /// <summary>The requests of a server that does not listen, so that no session can be ended.</summary>
    private static readonly ControlRequests Requests = new(
        new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly),
        }),
        _ => default);

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("known-hosts", CheckKnownHosts),
        FuzzTarget.OfText("netrc", CheckNetRc) with { BytesPerByte = 256 },
        FuzzTarget.OfText("typed-line", CheckTypedLine) with { ExpectedException = typeof(UserErrorException), BytesPerByte = 256 },
        new("control-request", CheckControlRequest) { Weight = 10, BytesPerByte = 4096 },
        FuzzTarget.OfText("config-file", CheckConfigurationFile) with
        {
            ExpectedException = typeof(UserErrorException), Weight = 30, BytesPerByte = 1024,
        },
        FuzzTarget.OfText("event-time", CheckEventTime),
        FuzzTarget.OfText("target", CheckTarget) with { Weight = 30, BytesPerByte = 1024 },
    ];

    private static void CheckControlRequest(ReadOnlySpan<byte> input)
    {
        Task<ControlResponse> running = Requests.RunAsync(input.ToArray(), null, CancellationToken.None).AsTask();
        FuzzAssert.True(running.IsCompletedSuccessfully, "a request neither waits nor throws");
        ControlResponse response = running.Result;
        FuzzAssert.True(response.Result is null != response.Error is null, "a response has a result or an error");
    }

    private static void CheckEventTime(string text)
    {
        if (EventTime.TryParse(text, DateTimeOffset.UnixEpoch, out DateTimeOffset time))
        {
            FuzzAssert.True(time.Offset == TimeSpan.Zero, "a time is UTC");
        }
    }

    private static void CheckKnownHosts(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (KnownHosts.ParseLine(line) is { } record)
            {
                FuzzAssert.True(
                    record.Server.Length > 0 && record.Server[0] != '#' && record.Proof.Length > 0, "a record has a server and a proof");
                FuzzAssert.Equal(
                    record, KnownHosts.ParseLine($"{record.Server} {record.Proof}"), "a written record is read as the same record");
            }
        }
    }

    private static void CheckNetRc(string text)
    {
        foreach ((string host, string? user) in (ReadOnlySpan<(string, string?)>)[("one.example", null), ("two.example", "ann")])
        {
            if (NetRcFile.FindEntry(text, host, user) is { } entry)
            {
                FuzzAssert.True(entry.User is not { } name ||
                    (name.Length > 0 && text.Contains(name, StringComparison.Ordinal)), "a user name is in the file");
                FuzzAssert.True(user is null || entry.User is null || entry.User == user, "an entry has the requested user");
            }
        }
    }

    private static void CheckTypedLine(string text)
    {
        FuzzAssert.Equal(text, text.Length == 0 ? "" : ShellLineParser.SplitWords(ShellLineParser.Escape(text)).Single().Text,
            "an escaped name is split to the same name");
        (int start, string last) = ShellLineParser.GetLastWord(text);
        FuzzAssert.True(start <= text.Length && last.Length <= text.Length, "the last word is in the line");
        FuzzAssert.True(ShellLineParser.SplitWords(text).Sum(word => word.Text.Length) <= text.Length, "words are no longer than the line");
    }

    private static void CheckConfigurationFile(string text)
    {
        int lines = text.Count(c => c == '\n') + 1;
        foreach ((string name, IReadOnlyList<ConfiguredValue> values) in
            ConfigurationFile.Parse(SettingTable.Server, "f", Encoding.UTF8.GetBytes(text)))
        {
            FuzzAssert.True(SettingTable.Server.FindByName(name) is not null, "each name is a setting");
            FuzzAssert.True(values.All(value => value.Origin.Line >= 1 && value.Origin.Line <= lines), "each line is in the file");
            FuzzAssert.True(values.All(value => !value.Text.Contains('\0')), "no value contains NUL");
        }
    }

    private static void CheckTarget(string text)
    {
        try
        {
            Target target = Target.FromCommandLine(new CommandLine(Client, [text]), null);
            FuzzAssert.True(target.Host.Length > 0 && target.Port is > 0 and <= 65535, "a target has a host and a port");
            FuzzAssert.True((target.User + target.UrlPath).AsSpan().IndexOfAny('\r', '\n', '\0') < 0, "no line end gets into a command");
            FuzzAssert.True(target.User?.Contains(Secret, StringComparison.Ordinal) is not true ||
                !text.Contains(":" + Secret, StringComparison.Ordinal), "a password is not part of the user name");
        }
        catch (UserErrorException e)
        {
            // The text after the last @ is host and path, and may be in a message.
            int at = text.LastIndexOf('@'), secret = text.LastIndexOf(Secret, StringComparison.Ordinal);
            bool isPassword = secret >= 0 && secret < at && text.StartsWith("ftp://ann:", StringComparison.Ordinal);
            FuzzAssert.True(!isPassword ||
                !e.Message.Contains(Secret, StringComparison.Ordinal), "a message does not contain the password");
        }
    }
}
