using Fts.Interop.Tests.Processes;
using static Fts.Interop.Tests.AccountInterop.OtherClient;

namespace Fts.Interop.Tests.AccountInterop;

/// <summary>lftp reports exactly the operations as successful that the permissions of the account allow.</summary>
public sealed class LftpPermissionTests
{
    private const string All = "list get put replace resume mkdir rename delete rmdir change";

    [Theory]
    [InlineData("*", All)]
    [InlineData("l", "list")]
    [InlineData("r", "get")]
    [InlineData("c", "put")]
    [InlineData("w", "replace resume")]
    [InlineData("a", "")]
    [InlineData("n", "")]
    [InlineData("d", "delete rmdir")]
    [InlineData("m", "mkdir")]
    [InlineData("t", "change")]
    [InlineData("lr", "list get")]
    [InlineData("lra", "list get resume")]
    [InlineData("lrcwanmt", "list get put replace resume mkdir rename change")]
    [InlineData("lrcndmt", "list get put mkdir rename delete rmdir change")]
    [InlineData("lrcwadmt", "list get put replace resume mkdir delete rmdir change")]
    [InlineData("lrcwandt", "list get put replace resume rename delete rmdir change")]
    [InlineData("lrcwandm", "list get put replace resume mkdir rename delete rmdir")]
    public async Task The_permissions_decide(string letters, string operations) =>
        Assert.Equal(new OperationRun(operations, operations), await OperationRun.RunAsync(letters, Run));

    [Theory]
    [InlineData("*", true, "new=new same=same kept=changed")]
    [InlineData("lrcwanmt", false, "extra=extra new=new same=same kept=changed")]
    [InlineData("lrcndmt", true, "new=new same=same kept=changed")] // lftp deletes a changed file before it uploads it
    [InlineData("lrcnmt", false, "extra=extra new=new same=same kept=kept")]
    [InlineData("lr", false, "extra=extra same=same kept=kept")]
    public async Task A_mirror_reports_a_refused_part(string letters, bool isComplete, string files)
    {
        await using AccountServer server = await AccountServer.StartWithRulesAsync(letters);
        foreach (string name in (string[])["extra", "same", "kept"])
        {
            server.Write($"tree/{name}", name);
            File.SetLastWriteTimeUtc(Path.Combine(server.Home, $"tree/{name}"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        server.Local.CreateFolder("tree");
        server.Local.Write("tree/new", "new");
        server.Local.Write("tree/kept", "changed");
        File.SetLastWriteTimeUtc(server.Local.Write("tree/same", "same"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        ProcessResult result = await LftpAsync(server, "mirror -R --delete tree /tree");

        Assert.Equal(isComplete, result.ExitCode == 0);
        IEnumerable<string> present = ((string[])["extra", "new", "same", "kept"])
            .Where(name => server.Read($"tree/{name}") is not null).Select(name => $"{name}={server.Read($"tree/{name}")}");
        Assert.Equal(files, string.Join(' ', present));
    }

    private static Task<ProcessResult>? Run(AccountServer server, string operation) => operation switch
    {
        "list" => LftpAsync(server, "cls /"),
        "get" => LftpAsync(server, "get old.txt -o back.txt"),
        "put" => LftpAsync(server, "put new.txt"),
        "replace" => LftpAsync(server, "put changed.txt -o old.txt"),
        "resume" => LftpAsync(server, "put -c part.txt"),
        "mkdir" => LftpAsync(server, "mkdir made"),
        "rename" => LftpAsync(server, "mv name.txt renamed.txt"),
        "delete" => LftpAsync(server, "rm gone.txt"),
        "rmdir" => LftpAsync(server, "rmdir empty"),
        "change" => LftpAsync(server, "chmod 600 time.txt"),
        _ => null,
    };
}
