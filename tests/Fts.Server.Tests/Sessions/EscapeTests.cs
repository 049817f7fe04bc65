using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Fts.Server.Commands;
using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Sessions;

/// <summary>
/// Every verb that takes a path is given every way out of the served folder there is: by name, and by links that really lead out. Nothing outside may change,
/// and nothing of it may be told. The verbs and the places of their paths come from the command table, so a verb that is added is tried too.
/// </summary>
public sealed partial class EscapeTests
{
    private static readonly string Secret = new('S', 7919);

    private static readonly string[] Escapes =
    [
        "../secret", "../../secret", "/../secret", "sub/../../secret", "sub/../../../outside/secret", "..//secret", "//../secret", "./../secret",
        "..\\\\secret", "..\\\\..\\\\outside\\\\secret", "%2e%2e/secret", "..%2fsecret", "\\x2e\\x2e\\x2fsecret", "..\\0/secret", "../secret\\0", "../secret ", "../secret.", ".. /secret", "...",
        "..;/secret", "\\xc0\\xae\\xc0\\xae/secret", "~/secret", "~root", "../rootx/secret", "/etc/passwd", "file:///etc/passwd", "/proc/self/root/etc/passwd",
        "out", "out/", "out/secret", "out/new", "sub/out/secret", "sub/out/../secret", "outfile", "outfile/", "absolute", "absolute/secret", "absolutefile", "chain/secret", "dangling", "loop", "loop/x", "up/secret",
    ];

    /// <summary>Verbs that transfer something do it over every wire, and so by each engine.</summary>
    public static TheoryData<string, Wire> Verbs => [.. CommandTable.Rows.Where(row => PathPlace().IsMatch(row.Usage))
        .SelectMany(row => row.HasRule(CommandRules.NeedsDataConnector) ? Enum.GetValues<Wire>() : [Wire.IPv4], (row, wire) => (row.Verb, wire))];

    [Theory, MemberData(nameof(Verbs))]
    public async Task No_way_leads_out_of_the_served_folder(string verb, Wire wire)
    {
        string usage = CommandTable.Rows.Single(row => row.Verb == verb).Usage;
        using var home = new TemporaryDirectory();
        string outside = Path.Combine(home.Path, "outside"), root = Path.Combine(home.Path, "root");
        MakeOutside(home.Path, outside);
        string before = Snapshot(home.Path);
        foreach (string escape in Escapes)
        {
            for (int place = 0; place < PathPlace().Count(usage); place++)
            {
                MakeRoot(root, outside);
                string said = await SaidAsync(wire, root, verb, Line(usage, place, escape));

                Assert.Equal(before, Snapshot(home.Path));
                Assert.All(
                    (string[])[Secret[..16], "neighbour", home.Path, Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(Secret)))[..16], "root:x:0"],
                    leak => Assert.False(said.Contains(leak, StringComparison.OrdinalIgnoreCase), $"{Line(usage, place, escape)} tells {leak}:\n{said}"));
                Assert.DoesNotMatch(SecretSize(), said);
            }
        }
    }

    /// <summary>The escapes would succeed on a server that does not look: else the test above proves nothing.</summary>
    [Fact]
    public void The_links_do_lead_out()
    {
        using var home = new TemporaryDirectory();
        string outside = Path.Combine(home.Path, "outside"), root = Path.Combine(home.Path, "root");
        MakeOutside(home.Path, outside);
        MakeRoot(root, outside);
        Assert.All(
            (string[])["out/secret", "sub/out/secret", "outfile", "absolute/secret", "absolutefile", "chain/secret", "up/secret", "../outside/secret"],
            name => Assert.Equal(Secret, File.ReadAllText(Path.Combine(root, name))));
    }

    /// <summary>What the server said, and what came over the data connection, when a client of a fresh session said the line.</summary>
    private static async Task<string> SaidAsync(Wire wire, string root, string verb, string line)
    {
        using var store = new LocalFileStore(root);
        await using var server = new TestServer(wire, store);
        await using Conversation talk = await server.LogInAsync();
        talk.ConnectsLate = true;
        CommandRow row = CommandTable.Rows.Single(other => other.Verb == verb);
        if (verb is "RNTO" or "SITE CPTO")
        {
            await talk.SendAndReadReplyAsync(verb == "RNTO" ? "RNFR inside" : "SITE CPFR inside");
        }

        var said = new StringBuilder();
        if (row.HasRule(CommandRules.NeedsDataConnector))
        {
            await talk.SendAndReadReplyAsync("EPSV");
        }

        await talk.SendAsync(Script.Bytes(line + "\\r\\n"));
        bool isUpload = row.HasRule(CommandRules.CreatesName);
        string[] reply = await talk.ReadReplyAsync();
        said.AppendJoin('\n', reply);
        if (reply[^1].StartsWith("150", StringComparison.Ordinal))
        {
            said.Append(isUpload ? "" : Encoding.UTF8.GetString(await talk.Data!.ReadToEndAsync()));
            if (isUpload)
            {
                await talk.Data!.SendAsync("overwritten"u8.ToArray());
                await talk.Data.FinishAsync();
            }

            talk.CloseData();
            said.AppendJoin('\n', await talk.ReadReplyAsync());
        }

        // What follows a success shows where it went: RNTO after RNFR, CPTO after CPFR, names after CWD.
        if (verb is "RNFR" or "SITE CPFR" or "CWD" or "XCWD")
        {
            said.AppendJoin('\n', await talk.SendAndReadReplyAsync(verb == "RNFR" ? "RNTO taken" : verb == "SITE CPFR" ? "SITE CPTO taken" : "STAT ."));
            said.AppendJoin('\n', await talk.SendAndReadReplyAsync(verb is "CWD" or "XCWD" ? "SIZE secret" : "SIZE taken"));
        }

        return said.ToString();
    }

    private static void MakeOutside(string home, string outside)
    {
        Directory.CreateDirectory(outside);
        Directory.CreateDirectory(Path.Combine(home, "rootx"));
        foreach (string folder in (string[])[home, outside, Path.Combine(home, "rootx")])
        {
            File.WriteAllText(Path.Combine(folder, "secret"), Secret);
            File.WriteAllText(Path.Combine(folder, "neighbour"), "");
        }
    }

    private static void MakeRoot(string root, string outside)
    {
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }

        Directory.CreateDirectory(Path.Combine(root, "sub"));
        File.WriteAllText(Path.Combine(root, "inside"), "inside");
        foreach ((string name, string target) in (ReadOnlySpan<(string, string)>)
                 [
                     ("out", "../outside"), ("sub/out", "../../outside"), ("outfile", "../outside/secret"), ("absolute", outside), ("absolutefile", Path.Combine(outside, "secret")),
                     ("chain", "sub/out"), ("dangling", "../new"), ("loop", "loop"), ("up", ".."),
                 ])
        {
            File.CreateSymbolicLink(Path.Combine(root, name), target);
        }
    }

    /// <summary>Everything outside the served folder: names, contents, times, rights.</summary>
    private static string Snapshot(string home) => string.Join('\n', new DirectoryInfo(home).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = false })
        .Where(entry => entry.Name != "root")
        .SelectMany(entry => entry is DirectoryInfo folder ? [entry, .. folder.EnumerateFileSystemInfos()] : (FileSystemInfo[])[entry])
        .OrderBy(entry => entry.FullName, StringComparer.Ordinal)
        .Select(entry => $"{entry.FullName} {entry.LastWriteTimeUtc.Ticks} {entry.UnixFileMode} {(entry is FileInfo file ? File.ReadAllText(file.FullName) : "")}"));

    /// <summary>The line as its usage writes it, with the escape in one place and a harmless path in the others.</summary>
    private static string Line(string usage, int place, string escape)
    {
        int at = 0;
        string line = PathPlace().Replace(usage.Replace("[-RtSr] ", "", StringComparison.Ordinal).Replace("[-tSr] ", "", StringComparison.Ordinal), _ => at++ == place ? escape : "inside");
        return line.Replace(" ...", "", StringComparison.Ordinal).Replace("<time>", "20200101000000", StringComparison.Ordinal).Replace("<octal>", "777", StringComparison.Ordinal)
            .Replace("<fact>=<value>", "Modify=20200101000000", StringComparison.Ordinal).Replace(" [start [end]]", "", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"<(path|file|folder|target|part|link)>|\[(path|folder|name)\]")]
    private static partial Regex PathPlace();

    /// <summary>The size of the secret as a number. The random name of STOU may contain the same digits.</summary>
    [GeneratedRegex("(?<![0-9a-fA-F])7919(?![0-9a-fA-F])")]
    private static partial Regex SecretSize();
}
