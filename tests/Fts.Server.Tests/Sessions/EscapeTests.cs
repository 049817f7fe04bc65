using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Fts.Server.Commands;
using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Sessions;

/// <summary>
/// Applies every command with a path to every kind of escape from the served directory: by name and by links that point outside. Nothing
/// outside may change or be disclosed. The commands come from the command table, so that new ones are included.
/// </summary>
public sealed partial class EscapeTests
{
    private static readonly string Secret = new('S', 7919);

    private static readonly string[] Escapes =
    [
        "../secret", "../../secret", "/../secret", "sub/../../secret", "sub/../../../outside/secret", "..//secret", "//../secret",
            "./../secret",
        "..\\\\secret", "..\\\\..\\\\outside\\\\secret", "%2e%2e/secret", "..%2fsecret", "\\x2e\\x2e\\x2fsecret", "..\\0/secret",
        "../secret\\0", "../secret ", "../secret.", ".. /secret", "...",
        "..;/secret", "\\xc0\\xae\\xc0\\xae/secret", "~/secret", "~root", "../rootx/secret", "/etc/passwd", "file:///etc/passwd",
        "/proc/self/root/etc/passwd",
        "out", "out/", "out/secret", "out/new", "sub/out/secret", "sub/out/../secret", "outfile", "outfile/", "absolute", "absolute/secret",
        "absolutefile", "chain/secret", "dangling", "loop", "loop/x", "up/secret",
    ];

    /// <summary>The commands with the wires to test: transfers use every wire, and so every copy engine.</summary>
    public static TheoryData<string, Wire> Verbs => [.. CommandTable.Rows.Where(row => PathParameter().IsMatch(row.Usage))
        .SelectMany(row => row.HasRule(CommandRules.NeedsDataConnection) ? Enum.GetValues<Wire>() : [Wire.IPv4],
            (row, wire) => (row.Verb, wire))];

    [Theory, MemberData(nameof(Verbs))]
    public async Task No_command_accesses_paths_outside_the_served_directory(string verb, Wire wire)
    {
        string usage = CommandTable.Rows.Single(row => row.Verb == verb).Usage;
        using var home = new TemporaryDirectory();
        string outside = Path.Combine(home.Path, "outside"), root = Path.Combine(home.Path, "root");
        MakeOutside(home.Path, outside);
        string before = Snapshot(home.Path);
        foreach (string escape in Escapes)
        {
            for (int index = 0; index < PathParameter().Count(usage); index++)
            {
                MakeRoot(root, outside);
                string response = await GetResponseAsync(wire, root, verb, Line(usage, index, escape));

                Assert.Equal(before, Snapshot(home.Path));
                Assert.All(
                    (string[])[Secret[..16], "neighbour", home.Path,
                        Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(Secret)))[..16], "root:x:0"],
                    leak => Assert.False(
                        response.Contains(leak, StringComparison.OrdinalIgnoreCase),
                        $"{Line(usage, index, escape)} discloses {leak}:\n{response}"));
                Assert.DoesNotMatch(SecretSize(), response);
            }
        }
    }

    /// <summary>
    /// Checks that the escapes would succeed on a server without confinement; otherwise the test above would prove nothing.
    /// </summary>
    [Fact]
    public void The_links_point_outside_the_served_directory()
    {
        using var home = new TemporaryDirectory();
        string outside = Path.Combine(home.Path, "outside"), root = Path.Combine(home.Path, "root");
        MakeOutside(home.Path, outside);
        MakeRoot(root, outside);
        Assert.All(
            (string[])["out/secret", "sub/out/secret", "outfile", "absolute/secret", "absolutefile", "chain/secret", "up/secret",
                "../outside/secret"],
            name => Assert.Equal(Secret, File.ReadAllText(Path.Combine(root, name))));
    }

    /// <summary>Sends the line in a new session and returns the replies and the received data.</summary>
    private static async Task<string> GetResponseAsync(Wire wire, string root, string verb, string line)
    {
        using var store = new LocalFileStore(root);
        await using var server = new TestServer(wire, store);
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        CommandRow row = CommandTable.Rows.Single(other => other.Verb == verb);
        if (verb is "RNTO" or "SITE CPTO")
        {
            await client.SendAndReadReplyAsync(verb == "RNTO" ? "RNFR inside" : "SITE CPFR inside");
        }

        var response = new StringBuilder();
        if (row.HasRule(CommandRules.NeedsDataConnection))
        {
            await client.SendAndReadReplyAsync("EPSV");
        }

        await client.SendAsync(Script.Bytes(line + "\\r\\n"));
        bool isUpload = row.HasRule(CommandRules.CreatesName);
        string[] reply = await client.ReadReplyAsync();
        response.AppendJoin('\n', reply);
        if (reply[^1].StartsWith("150", StringComparison.Ordinal))
        {
            response.Append(isUpload ? "" : Encoding.UTF8.GetString(await client.Data!.ReadToEndAsync()));
            if (isUpload)
            {
                await client.Data!.SendAsync("overwritten"u8.ToArray());
                await client.Data.FinishAsync();
            }

            client.CloseData();
            response.AppendJoin('\n', await client.ReadReplyAsync());
        }

        // The next command shows the effect of a success: RNTO after RNFR, CPTO after CPFR, a listing after CWD.
        if (verb is "RNFR" or "SITE CPFR" or "CWD" or "XCWD")
        {
            response.AppendJoin(
                '\n', await client.SendAndReadReplyAsync(
                    verb == "RNFR" ? "RNTO taken" : verb == "SITE CPFR" ? "SITE CPTO taken" : "STAT ."));
            response.AppendJoin('\n', await client.SendAndReadReplyAsync(verb is "CWD" or "XCWD" ? "SIZE secret" : "SIZE taken"));
        }

        return response.ToString();
    }

    private static void MakeOutside(string home, string outside)
    {
        Directory.CreateDirectory(outside);
        Directory.CreateDirectory(Path.Combine(home, "rootx"));
        foreach (string directory in (string[])[home, outside, Path.Combine(home, "rootx")])
        {
            File.WriteAllText(Path.Combine(directory, "secret"), Secret);
            File.WriteAllText(Path.Combine(directory, "neighbour"), "");
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
                     ("out", "../outside"), ("sub/out", "../../outside"), ("outfile", "../outside/secret"), ("absolute", outside), (
                         "absolutefile", Path.Combine(outside, "secret")),
                     ("chain", "sub/out"), ("dangling", "../new"), ("loop", "loop"), ("up", ".."),
                 ])
        {
            File.CreateSymbolicLink(Path.Combine(root, name), target);
        }
    }

    /// <summary>Returns the state outside the served directory: names, contents, times and modes.</summary>
    private static string Snapshot(string home) =>
        string.Join('\n', new DirectoryInfo(home).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = false })
        .Where(entry => entry.Name != "root")
        .SelectMany(entry => entry is DirectoryInfo directory ? [entry, .. directory.EnumerateFileSystemInfos()]
            : (FileSystemInfo[])[entry])
        .OrderBy(entry => entry.FullName, StringComparer.Ordinal)
        .Select(entry =>
            $"{entry.FullName} {entry.LastWriteTimeUtc.Ticks} {entry.UnixFileMode} {(entry is FileInfo file ? File.ReadAllText(file.FullName) : "")}"));

    /// <summary>Returns the command line with the escape as one argument and harmless paths as the others.</summary>
    private static string Line(string usage, int index, string escape)
    {
        int at = 0;
        string line = PathParameter()
            .Replace(usage.Replace("[-RtSr] ", "", StringComparison.Ordinal).Replace("[-tSr] ", "", StringComparison.Ordinal),
            _ => at++ == index ? escape : "inside");
        return line.Replace(" ...", "", StringComparison.Ordinal).Replace("<time>", "20200101000000", StringComparison.Ordinal)
            .Replace("<octal>", "777", StringComparison.Ordinal)
            .Replace("<fact>=<value>", "Modify=20200101000000", StringComparison.Ordinal)
                .Replace(" [start [end]]", "", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"<(path|file|directory|target|part|link)>|\[(path|directory|name)\]")]
    private static partial Regex PathParameter();

    /// <summary>The size of the secret as text. The random name of STOU may contain the same digits.</summary>
    [GeneratedRegex("(?<![0-9a-fA-F])7919(?![0-9a-fA-F])")]
    private static partial Regex SecretSize();
}
