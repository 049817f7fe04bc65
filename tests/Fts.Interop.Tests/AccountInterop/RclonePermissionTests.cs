using Fts.Interop.Tests.Processes;
using static Fts.Interop.Tests.AccountInterop.OtherClient;

namespace Fts.Interop.Tests.AccountInterop;

/// <summary>rclone reports the operations as successful that the permissions of the account allow, except for its own faults.</summary>
/// <remarks>
/// rclone finds a file by the listing of its directory, so that nothing works without the permission to list. It ignores the reply to DELE
/// and reports success. After a refused upload it deletes the file of this name. If FEAT does not list MFMT, "touch" reports the error on
/// standard error only.
/// </remarks>
public sealed class RclonePermissionTests
{
    private const string All = "list get put replace mkdir rename delete rmdir change";

    [Theory]
    [InlineData("*", All)]
    [InlineData("l", "list", "delete change")]
    [InlineData("r", "")]
    [InlineData("d", "rmdir")]
    [InlineData("m", "mkdir")]
    [InlineData("lr", "list get", "delete change")]
    [InlineData("lc", "list put", "delete change")]
    [InlineData("lrcwanmt", "list get put replace mkdir rename change", "delete")]
    [InlineData("lrcwadmt", "list get put replace mkdir delete rmdir change")]
    [InlineData("lrcwandt", "list get put replace rename delete rmdir change")]
    [InlineData("lrcwandm", "list get put replace mkdir rename delete rmdir", "change")]
    public async Task The_permissions_decide(string letters, string operations, string falselyReported = "")
    {
        OperationRun run = await OperationRun.RunAsync(letters, Run);
        Assert.Equal(operations, run.Done);
        Assert.Equal(operations, string.Join(' ', run.Reported.Split(' ').Except(falselyReported.Split(' '))));
        Assert.Equal(falselyReported, string.Join(' ', run.Reported.Split(' ').Except(run.Done.Split(' '))));
    }

    [Fact]
    public async Task After_a_refused_replacement_rclone_deletes_the_file_unless_the_account_cannot_delete()
    {
        OperationRun canDelete = await OperationRun.RunAsync("lrcd", RunReplacement);
        OperationRun cannotDelete = await OperationRun.RunAsync("lrc", RunReplacement);
        Assert.Equal(new OperationRun("", "lost"), canDelete);
        Assert.Equal(new OperationRun("", ""), cannotDelete);

        static Task<ProcessResult>? RunReplacement(AccountServer server, string operation) =>
            operation == "replace" ? Run(server, operation) : null;
    }

    [Theory]
    [InlineData("*", 0, "new=new kept=changed")]
    [InlineData("lrcwanmt", 0, "extra=extra new=new kept=changed")] // rclone ignores the reply to DELE
    [InlineData("lr", 1, "extra=extra kept=kept")]
    public async Task A_sync_changes_what_the_account_can_change(string letters, int exitCode, string files)
    {
        await using AccountServer server = await AccountServer.StartWithRulesAsync(letters);
        server.Write("tree/extra", "extra");
        server.Write("tree/kept", "kept");
        server.Local.CreateFolder("tree");
        server.Local.Write("tree/new", "new");
        server.Local.Write("tree/kept", "changed");

        ProcessResult result = await RcloneAsync(server, "sync", "tree", "peer:tree");

        Assert.Equal(exitCode, result.ExitCode);
        IEnumerable<string> present = ((string[])["extra", "new", "kept"])
            .Where(name => server.Read($"tree/{name}") is not null).Select(name => $"{name}={server.Read($"tree/{name}")}");
        Assert.Equal(files, string.Join(' ', present));
    }

    private static Task<ProcessResult>? Run(AccountServer server, string operation) => operation switch
    {
        "list" => RcloneAsync(server, "lsf", "peer:"),
        "get" => RcloneAsync(server, "copyto", "peer:old.txt", "back.txt"),
        "put" => RcloneAsync(server, "copyto", "new.txt", "peer:new.txt"),
        "replace" => RcloneAsync(server, "copyto", "changed.txt", "peer:old.txt"),
        "mkdir" => RcloneAsync(server, "mkdir", "peer:made"),
        "rename" => RcloneAsync(server, "moveto", "peer:name.txt", "peer:renamed.txt"),
        "delete" => RcloneAsync(server, "deletefile", "peer:gone.txt"),
        "rmdir" => RcloneAsync(server, "rmdir", "peer:empty"),
        "change" => RcloneAsync(server, "touch", "-t", "2001-02-03T04:05:06", "peer:time.txt"),
        _ => null,
    };
}
