using Fts.Cli;
using Fts.FuzzTests.Engine;

namespace Fts.FuzzTests.Targets;

/// <summary>Input of the program: its files, command lines and targets.</summary>
internal static class ProgramTargets
{
    private const string Secret = "s3cr3t";

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.OfText("known-hosts", Known),
        FuzzTarget.OfText("netrc", NetRcFile) with { BytesPerByte = 256 },
        FuzzTarget.OfText("typed-line", Typed) with { ExpectedException = typeof(FailureException), BytesPerByte = 256 },
        FuzzTarget.OfText("target", ParseTarget) with { Weight = 30, BytesPerByte = 1024 },
    ];

    private static void Known(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (KnownHosts.Parse(line) is { } record)
            {
                FuzzAssert.True(record.Server.Length > 0 && record.Server[0] != '#' &&
                    record.Proof.Length > 0, "a record has a server and a proof");
                FuzzAssert.Equal(record, KnownHosts.Parse($"{record.Server} {record.Proof}"),
                    "a written record is read as the same record");
            }
        }
    }

    private static void NetRcFile(string text)
    {
        foreach ((string host, string? user) in (ReadOnlySpan<(string, string?)>)[("one.example", null), ("two.example", "ann")])
        {
            if (NetRc.Find(text, host, user) is { } entry)
            {
                FuzzAssert.True(entry.User is not { } name ||
                    (name.Length > 0 && text.Contains(name, StringComparison.Ordinal)), "a user name is in the file");
                FuzzAssert.True(user is null || entry.User is null || entry.User == user, "an entry has the requested user");
            }
        }
    }

    private static void Typed(string text)
    {
        FuzzAssert.Equal(text, text.Length == 0
            ? ""
            : Words.Split(Words.Escape(text)).Single().Text, "an escaped name is split to the same name");
        (int start, string last) = Words.Last(text);
        FuzzAssert.True(start <= text.Length && last.Length <= text.Length, "the last word is in the line");
        FuzzAssert.True(Words.Split(text).Sum(word => word.Text.Length) <= text.Length, "words are no longer than the line");
    }

    private static void ParseTarget(string text)
    {
        try
        {
            Target target = Target.From(new CommandLine("client", "", 3, [text]), null);
            FuzzAssert.True(target.Host.Length > 0 && target.Port is > 0 and <= 65535, "a target has a host and a port");
            FuzzAssert.True((target.User + target.Folder).AsSpan().IndexOfAny('\r', '\n', '\0') < 0, "no line end gets into a command");
            FuzzAssert.True(target.User?.Contains(Secret, StringComparison.Ordinal) is not true ||
                !text.Contains(":" + Secret, StringComparison.Ordinal), "a password is not part of the user name");
        }
        catch (FailureException e)
        {
            // The text after the last @ is host and path, and may be in a message.
            int at = text.LastIndexOf('@'), secret = text.LastIndexOf(Secret, StringComparison.Ordinal);
            bool isPassword = secret >= 0 && secret < at && text.StartsWith("ftp://ann:", StringComparison.Ordinal);
            FuzzAssert.True(!isPassword ||
                !e.Message.Contains(Secret, StringComparison.Ordinal), "a message does not contain the password");
        }
    }
}
